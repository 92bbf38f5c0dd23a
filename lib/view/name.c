#include "name.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0640

/** A lock is held for the moment of a claim only: whoever holds it longer hangs, or means harm. */
#define LOCK_TRIES   50
#define LOCK_WAIT_MS 10

/** A name may be removed while we wait for its lock; then we start again. */
#define CLAIM_TRIES 8

struct path {
    char text[sizeof("/trunkha.") + TRUNKHA_ID_SIZE];
};

static bool make_path(struct path *path, const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t len = strspn(name, allowed);

    if (!len || name[len] || len >= TRUNKHA_ID_SIZE || name[0] == '.')
        return false;

    snprintf(path->text, sizeof(path->text), "/trunkha.%s", name);

    return true;
}

static int lock(int fd)
{
    const struct timespec pause = {0, LOCK_WAIT_MS * 1000000};

    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return tha_view_error(errno);
        nanosleep(&pause, NULL);
    }

    return TRUNKHA_ERR_BUSY;
}

/** What the object begins with; zeros where it is too short. It is read, not mapped: it may be anything. */
static struct tha_table_identity read_identity(int fd)
{
    struct tha_table_identity identity = {0};

    if (pread(fd, &identity, sizeof(identity), 0) < (ssize_t)sizeof(identity))
        return (struct tha_table_identity){0};

    return identity;
}

static bool is_readable(const struct tha_table_identity *identity, off_t size)
{
    return identity->magic == THA_TABLE_MAGIC && identity->layout == THA_TABLE_LAYOUT &&
           identity->event_size == sizeof(struct tha_stored_event) && identity->table_size == THA_TABLE_SIZE &&
           (uint64_t)size >= THA_TABLE_SIZE;
}

static bool is_alive(const struct tha_table_identity *identity)
{
    uint64_t now_ms = tha_view_clock_ms(CLOCK_MONOTONIC);
    pid_t pid = (pid_t)identity->writer_pid;

    if (identity->magic != THA_TABLE_MAGIC || pid <= 0)
        return false;
    if (identity->has_begun && now_ms > identity->heartbeat_ms && now_ms - identity->heartbeat_ms >= THA_VIEW_DEAD_MS)
        return false; /* it hangs, or another process has its pid */

    return !kill(pid, 0) || errno == EPERM;
}

/** The lock goes before the descriptor: a child forked meanwhile has a copy of that. */
static void unlock_and_close(int fd)
{
    flock(fd, LOCK_UN);
    close(fd);
}

/** Makes a new object whole, or takes over what a dead writer left: its readers stay, and see what we write. */
static struct tha_table *map_for_writing(int fd, const struct stat *object)
{
    bool is_new = !object->st_size;
    struct tha_table *table;

    if (fchmod(fd, is_new ? MODE : object->st_mode & MODE))
        return NULL;
    if (is_new && ftruncate(fd, (off_t)THA_TABLE_SIZE))
        return NULL;
    if (tha_view_make_room(fd, 0, sizeof(*table)) || tha_view_make_room_for_calls(fd)) {
        errno = ENOMEM;
        return NULL;
    }

    table = tha_view_map(fd, THA_VIEW_WRITE);
    if (table)
        tha_view_sign(table);

    return table;
}

/** One try, with the lock held. *ret_table stays NULL when the name has to be opened again. */
static int claim_locked(int fd, const struct path *path, struct tha_table **ret_table)
{
    struct tha_table_identity identity = read_identity(fd);
    struct stat object;
    int err;

    if (fstat(fd, &object))
        return tha_view_error(errno);
    if (!object.st_nlink)
        return 0;
    if (object.st_uid != geteuid())
        return TRUNKHA_ERR_ACCESS; /* its owner could cut it short under our feet */
    if (is_alive(&identity))
        return TRUNKHA_ERR_BUSY;
    if (object.st_size && !is_readable(&identity, object.st_size))
        return shm_unlink(path->text) ? tha_view_error(errno) : 0;

    *ret_table = map_for_writing(fd, &object);
    if (*ret_table)
        return 0;

    err = tha_view_error(errno);
    if (!object.st_size)
        shm_unlink(path->text);

    return err;
}

int tha_view_claim(const char *name, int *ret_fd, struct tha_table **ret_table)
{
    struct tha_table *table = NULL;
    struct path path;
    int err = 0;

    if (!make_path(&path, name))
        return TRUNKHA_ERR_INVALID;

    for (int tries = 0; tries < CLAIM_TRIES && !err; tries++) {
        int fd = shm_open(path.text, O_RDWR | O_CREAT, MODE);

        if (fd < 0)
            return tha_view_error(errno);

        err = lock(fd);
        if (!err)
            err = claim_locked(fd, &path, &table);
        if (table) {
            flock(fd, LOCK_UN);
            *ret_fd = fd;
            *ret_table = table;
            return 0;
        }
        unlock_and_close(fd);
    }

    return err ? err : TRUNKHA_ERR_BUSY;
}

/** @p ret_access: who may write the object may make calls. */
static int open_object(const struct path *path, enum tha_view_access *ret_access)
{
    int fd = shm_open(path->text, O_RDWR, 0);

    *ret_access = THA_VIEW_READ_AND_CALL;
    if (fd < 0 && errno != ENOENT) {
        *ret_access = THA_VIEW_READ;
        fd = shm_open(path->text, O_RDONLY, 0);
    }

    return fd;
}

static int open_readable(const struct path *path, int *ret_fd, enum tha_view_access *ret_access)
{
    int fd = open_object(path, ret_access);
    struct tha_table_identity identity;
    struct stat object;
    int err = 0;

    if (fd < 0)
        return tha_view_error(errno);

    identity = read_identity(fd);
    if (fstat(fd, &object))
        err = tha_view_error(errno);
    else if (!object.st_size || ((uint64_t)object.st_size == THA_TABLE_SIZE && !identity.magic))
        err = TRUNKHA_ERR_NOTFOUND; /* it is being made */
    else if (!is_readable(&identity, object.st_size))
        err = TRUNKHA_ERR_VERSION;

    if (err)
        close(fd);
    else
        *ret_fd = fd;

    return err;
}

static int map_by_name(const struct path *path, trunkha_view *view)
{
    enum tha_view_access access;
    int fd = -1;
    int err = open_readable(path, &fd, &access);

    if (err)
        return err;

    view->table = tha_view_map(fd, access);
    err = view->table ? 0 : tha_view_error(errno);
    if (view->table && access == THA_VIEW_READ_AND_CALL)
        view->calls = tha_table_calls(view->table);
    close(fd);

    return err;
}

int trunkha_view_open(const char *name, trunkha_view **ret_view)
{
    trunkha_view *view;
    struct path path;
    int err;

    if (!name || !ret_view || !make_path(&path, name))
        return TRUNKHA_ERR_INVALID;

    err = tha_view_handle_new(&tha_mem_default, &view);
    if (err)
        return err;

    err = map_by_name(&path, view);
    if (err)
        trunkha_view_unref(view);
    else
        *ret_view = view;

    return err;
}

static int remove_locked(int fd, const struct path *path)
{
    struct tha_table_identity identity = read_identity(fd);
    struct stat object;

    if (fstat(fd, &object))
        return tha_view_error(errno);
    if (!object.st_nlink)
        return TRUNKHA_ERR_NOTFOUND;
    if (is_alive(&identity))
        return TRUNKHA_ERR_BUSY;

    return shm_unlink(path->text) ? tha_view_error(errno) : 0;
}

int trunkha_view_remove(const char *name)
{
    struct path path;
    int err, fd;

    if (!name || !make_path(&path, name))
        return TRUNKHA_ERR_INVALID;

    fd = shm_open(path.text, O_RDONLY, 0);
    if (fd < 0)
        return tha_view_error(errno);

    err = lock(fd);
    if (!err)
        err = remove_locked(fd, &path);
    unlock_and_close(fd);

    return err;
}
