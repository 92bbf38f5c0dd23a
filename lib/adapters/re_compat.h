/** @file re_compat.h  Where the versions of libre differ for us, from 1.1 to 4.x
 *
 *  Its headers tell no version: the build tries what there is and says it in LIBRE_HAS_*. */
#ifndef THA_ADAPTERS_RE_COMPAT_H
#define THA_ADAPTERS_RE_COMPAT_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <re.h>

/* Not known to every version. */
struct re;
struct re_fhs;

/** Is the libre that was loaded the one that this was built for? Another has other structs and arguments. A snapshot adds
 *  words of its own ("4.10.0-dev") to the version that its pkg-config file tells. */
static inline bool tha_re_is_as_built(void)
{
    const char *version = sys_libre_version_get();
    size_t len = sizeof(LIBRE_VERSION) - 1;

    return !strncmp(version, LIBRE_VERSION, len) && !isdigit((unsigned char)version[len]);
}

/** Gives the thread a loop of its own. Since 2.5 the first loop made by re_thread_init() serves all threads that have none,
 *  which is for the host's to do: ours is attached to this thread and to no other. Returns 0 or a libre error. */
static inline int tha_re_open(struct re **ret_re)
{
#ifdef LIBRE_HAS_RE_ALLOC
    int err = re_alloc(ret_re);

    if (!err)
        err = re_thread_attach(*ret_re);
    if (err)
        *ret_re = mem_deref(*ret_re);

    return err;
#else
    *ret_re = NULL;

    return re_thread_init();
#endif
}

static inline void tha_re_close(struct re *re)
{
#ifdef LIBRE_HAS_RE_ALLOC
    re_thread_detach();
    mem_deref(re);
#else
    (void)re;
    re_thread_close();
#endif
}

/** Watches a descriptor, or changes what for. *@p inout_handle: NULL at first, and always before libre 3.6, which knows a
 *  descriptor by its number only. Returns 0 or a libre error. */
static inline int tha_fd_listen(struct re_fhs **inout_handle, int fd, int flags, fd_h *handler, void *arg)
{
#ifdef LIBRE_HAS_FD_HANDLES
    return fd_listen(inout_handle, fd, flags, handler, arg);
#else
    (void)inout_handle;

    return fd_listen(fd, flags, handler, arg);
#endif
}

/** A descriptor that is not watched is fine. */
static inline void tha_fd_close(struct re_fhs **inout_handle, int fd)
{
#ifdef LIBRE_HAS_FD_HANDLES
    (void)fd;
    *inout_handle = fd_close(*inout_handle);
#else
    (void)inout_handle;
    fd_close(fd);
#endif
}

#endif
