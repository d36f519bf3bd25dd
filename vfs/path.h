/* Canonical paths: absolute, without "." or "..", no trailing slash but for "/". */
#ifndef UCTR_VFS_PATH_H
#define UCTR_VFS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether path is prefix or lies below it. */
static inline bool path_has_prefix(const char *prefix, size_t prefix_len, const char *path, size_t len)
{
	if (prefix_len == 1)
		return true;
	return len >= prefix_len && (len == prefix_len || path[prefix_len] == '/') &&
	       !memcmp(prefix, path, prefix_len);
}

#endif
