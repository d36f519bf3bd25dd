/* From host paths back to those of the view. */
#include "vfs/mount.h"
#include "vfs/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* Writes where mount m shows the host path that lies in its source. Returns its length, or -ENAMETOOLONG. */
static int translate(const struct mount *m, const char *host_path, char *buf)
{
	const char *below = host_path + (m->source_len == 1 ? 0 : m->source_len);
	int n;

	if (!strcmp(below, "/"))
		below = "";
	if (m->point_len > 1)
		n = snprintf(buf, PATH_MAX, "%s%s", m->point, below);
	else
		n = snprintf(buf, PATH_MAX, "%s", *below ? below : "/");
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : n;
}

int view_reverse(const struct view *v, const char *host_path, char *buf, const struct mount **ret_mount)
{
	const struct mount *best = NULL;
	size_t len = strlen(host_path);

	if (host_path[0] != '/')
		return -ENOENT;
	for (size_t i = 0; i < v->n_mounts; i++) {
		const struct mount *m = v->mounts[i];
		int n;

		if (m->type == MOUNT_MEM || !path_has_prefix(m->source, m->source_len, host_path, len))
			continue;
		if (best &&
		    (m->source_len < best->source_len || (m->source_len == best->source_len && !m->identity)))
			continue;
		/* What another mount covers is not shown here. */
		n = translate(m, host_path, buf);
		if (n >= 0 && view_find_len(v, buf, (size_t)n) == m)
			best = m;
	}
	if (!best)
		return -ENOENT;
	*ret_mount = best;
	return translate(best, host_path, buf) < 0 ? -ENAMETOOLONG : 0;
}
