/* Extended attributes: set, get, list and remove, by path, by path without following, and (where they change something)
 * by descriptor. Limits and their errnos are those of fs/xattr.c. */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"
#include "vfs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/xattr.h>

/* import_xattr_name() */
static int read_key(struct call *c, uint64_t addr, const char **ret)
{
	int error = call_read_string(c, addr, XATTR_NAME_MAX + 1, -ERANGE, ret);

	if (error == 0 && (*ret)[0] == '\0')
		return -ERANGE;
	return error;
}

/* Where a call finds its object, from its first argument. */
enum where {
	BY_PATH,
	BY_LINK, /* a path whose last symlink is not followed */
	BY_FD,	 /* an open descriptor that is not an O_PATH one */
};

static int where_name(struct call *c, enum where where, struct vfs_name *ret)
{
	if (where == BY_FD)
		return call_fd_name(c, arg_int(c, 0), false, ret);
	return call_name(c, AT_FDCWD, c->args[0], 0, ret);
}

static struct reply set_common(struct call *c, enum where where, uint64_t key_addr, uint64_t value_addr,
			       uint64_t size, unsigned flags)
{
	struct vfs_name name;
	const char *key;
	void *value = NULL;
	int ret;

	if (flags & ~(unsigned)(XATTR_CREATE | XATTR_REPLACE))
		return reply_value(-EINVAL);
	ret = read_key(c, key_addr, &key);
	if (ret == 0 && size > XATTR_SIZE_MAX)
		ret = -E2BIG;
	if (ret == 0 && size) {
		value = arena_alloc(c->arena, size);
		ret = call_read(c, value_addr, value, size);
	}
	if (ret == 0)
		ret = where_name(c, where, &name);
	if (ret == 0)
		ret = vfs_setxattr(&c->vfs, &name, where == BY_LINK, key, value, size, (int)flags);
	return reply_value(ret);
}

/* Writes what a get or list gave; size 0 asks for the length alone. */
static struct reply reply_bytes(struct call *c, ssize_t n, uint64_t addr, const void *bytes, size_t size)
{
	if (n > 0 && size) {
		int written = call_write(c, addr, bytes, (size_t)n);

		if (written < 0)
			return reply_value(written);
	}
	return reply_value(n);
}

static struct reply get_common(struct call *c, enum where where, uint64_t key_addr, uint64_t value_addr,
			       uint64_t size)
{
	struct vfs_name name;
	const char *key;
	void *value = NULL;
	int ret;

	if (size > XATTR_SIZE_MAX)
		size = XATTR_SIZE_MAX;
	ret = read_key(c, key_addr, &key);
	if (ret == 0)
		ret = where_name(c, where, &name);
	if (ret < 0)
		return reply_value(ret);
	if (size)
		value = arena_alloc(c->arena, size);
	return reply_bytes(c, vfs_getxattr(&c->vfs, &name, where == BY_LINK, key, value, size), value_addr,
			   value, size);
}

static struct reply list_common(struct call *c, enum where where, uint64_t addr, uint64_t size)
{
	struct vfs_name name;
	char *list = NULL;
	int ret;

	if (size > XATTR_LIST_MAX)
		size = XATTR_LIST_MAX;
	ret = where_name(c, where, &name);
	if (ret < 0)
		return reply_value(ret);
	if (size)
		list = arena_alloc(c->arena, size);
	return reply_bytes(c, vfs_listxattr(&c->vfs, &name, where == BY_LINK, list, size), addr, list, size);
}

static struct reply remove_common(struct call *c, enum where where, uint64_t key_addr)
{
	struct vfs_name name;
	const char *key;
	int ret = read_key(c, key_addr, &key);

	if (ret == 0)
		ret = where_name(c, where, &name);
	if (ret == 0)
		ret = vfs_removexattr(&c->vfs, &name, where == BY_LINK, key);
	return reply_value(ret);
}

struct reply sys_setxattr(struct call *c)
{
	return set_common(c, BY_PATH, c->args[1], c->args[2], c->args[3], (unsigned)c->args[4]);
}

struct reply sys_lsetxattr(struct call *c)
{
	return set_common(c, BY_LINK, c->args[1], c->args[2], c->args[3], (unsigned)c->args[4]);
}

struct reply sys_fsetxattr(struct call *c)
{
	return set_common(c, BY_FD, c->args[1], c->args[2], c->args[3], (unsigned)c->args[4]);
}

struct reply sys_getxattr(struct call *c)
{
	return get_common(c, BY_PATH, c->args[1], c->args[2], c->args[3]);
}

struct reply sys_lgetxattr(struct call *c)
{
	return get_common(c, BY_LINK, c->args[1], c->args[2], c->args[3]);
}

struct reply sys_listxattr(struct call *c)
{
	return list_common(c, BY_PATH, c->args[1], c->args[2]);
}

struct reply sys_llistxattr(struct call *c)
{
	return list_common(c, BY_LINK, c->args[1], c->args[2]);
}

struct reply sys_removexattr(struct call *c)
{
	return remove_common(c, BY_PATH, c->args[1]);
}

struct reply sys_lremovexattr(struct call *c)
{
	return remove_common(c, BY_LINK, c->args[1]);
}

struct reply sys_fremovexattr(struct call *c)
{
	return remove_common(c, BY_FD, c->args[1]);
}
