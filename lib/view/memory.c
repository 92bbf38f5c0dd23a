#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PID_BYTES   4096 /* a page, or less than one */
#define TURNS_BYTES (THA_VIEW_TURNS * sizeof(_Atomic uint32_t))

int tha_view_error(int system_error)
{
    switch (system_error) {
    case ENOENT:
        return TRUNKHA_ERR_NOTFOUND;
    case EACCES:
    case EPERM:
        return TRUNKHA_ERR_ACCESS;
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
        return TRUNKHA_ERR_NOMEM;
    default:
        return TRUNKHA_ERR_SYSTEM;
    }
}

struct tha_table *tha_view_map(int fd, enum tha_view_access access)
{
    int protection = access == THA_VIEW_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    int flags = MAP_SHARED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *table = mmap(NULL, THA_TABLE_SIZE, protection, flags, fd, 0);

    if (table == MAP_FAILED)
        return NULL;
    if (access != THA_VIEW_READ_AND_CALL || !mprotect(tha_table_calls(table), THA_CALLS_BYTES, PROT_READ | PROT_WRITE))
        return table;

    munmap(table, THA_TABLE_SIZE);

    return NULL;
}

int tha_view_make_room(int fd, uint64_t offset, uint64_t bytes)
{
    int err = 0;

    if (fd < 0)
        return 0;

    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        err = posix_fallocate(fd, (off_t)offset, (off_t)bytes);
        if (err != EINTR)
            break;
    }

    return err ? TRUNKHA_ERR_NOMEM : 0;
}

int tha_view_make_room_for_calls(int fd)
{
    uint64_t bytes = THA_RUNNING_OFFSET + THA_RUNNING_FIRST * sizeof(struct tha_running_record) - THA_CALLS_OFFSET;

    return tha_view_make_room(fd, THA_CALLS_OFFSET, bytes);
}

void tha_view_release_half(trunkha_view *view, uint32_t generation)
{
    if (tha_view_is_writer(view))
        madvise(tha_table_half(view->table, generation), THA_HALF_SIZE, MADV_REMOVE);
}

/** A page that a forked child finds empty; NULL where the system cannot do that (Linux before 4.14). */
static _Atomic uint32_t *map_pid(void)
{
    void *pid = mmap(NULL, PID_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pid == MAP_FAILED)
        return NULL;
    if (madvise(pid, PID_BYTES, MADV_WIPEONFORK)) {
        munmap(pid, PID_BYTES);
        return NULL;
    }

    return pid;
}

uint32_t tha_view_own_pid(const trunkha_view *view)
{
    uint32_t pid = view->pid ? atomic_load_explicit(view->pid, memory_order_relaxed) : 0;

    if (pid)
        return pid;

    pid = (uint32_t)getpid();
    if (view->pid)
        atomic_store_explicit(view->pid, pid, memory_order_relaxed);

    return pid;
}

/** Pages come into being when they are written: a handle pays for the turns of the profiles that it balances. */
static _Atomic uint32_t *map_turns(void)
{
    void *turns = mmap(NULL, TURNS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return turns != MAP_FAILED ? turns : NULL;
}

int tha_view_handle_new(const struct tha_mem *mem, trunkha_view **ret_view)
{
    trunkha_view *view = tha_mem_zalloc(mem, 1, sizeof(*view));

    if (!view)
        return TRUNKHA_ERR_NOMEM;

    view->turns = map_turns();
    if (!view->turns) {
        tha_mem_free(mem, view);
        return TRUNKHA_ERR_NOMEM;
    }

    view->pid = map_pid();
    view->mem = *mem;
    view->refs = 1;
    view->fd = -1;
    view->doorbell.fd = -1;
    *ret_view = view;

    return 0;
}

trunkha_view *trunkha_view_ref(trunkha_view *view)
{
    if (view)
        atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);

    return view;
}

trunkha_view *trunkha_view_unref(trunkha_view *view)
{
    struct tha_mem mem;

    if (!view || atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) > 1)
        return NULL;

    if (view->fd >= 0)
        close(view->fd);
    if (view->pid)
        munmap(view->pid, PID_BYTES);
    munmap(view->turns, TURNS_BYTES);
    if (view->table)
        munmap(view->table, THA_TABLE_SIZE);
    mem = view->mem;
    tha_mem_free(&mem, view);

    return NULL;
}
