/* Configurations in files. What was read may hold secrets: it is wiped before its memory is given back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/abi.h"
#include "engine.h"

#define FILE_MAX_BYTES ((size_t)64 * 1024 * 1024)

static int say(const char *path, int error_number, trunkha_diag *reterr_diag)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    tha_text_copy(diag.file, sizeof(diag.file), path);
    tha_text_print(diag.message, sizeof(diag.message), "cannot read %s: %s", path, strerror(error_number));
    if (reterr_diag)
        tha_abi_write(reterr_diag, &diag, sizeof(diag));

    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return TRUNKHA_ERR_NOTFOUND;
    case EACCES:
    case EPERM:
        return TRUNKHA_ERR_ACCESS;
    case ENOMEM:
        return TRUNKHA_ERR_NOMEM;
    default:
        return TRUNKHA_ERR_SYSTEM;
    }
}

static void *give_up(const struct tha_mem *mem, char *text, size_t len)
{
    if (text)
        explicit_bzero(text, len);

    return tha_mem_free(mem, text);
}

/** Twice the room, without leaving a copy behind as realloc() would. */
static char *grow(const struct tha_mem *mem, char *text, size_t len, size_t room)
{
    char *more = tha_mem_resize(mem, NULL, room, 1);

    if (more && len)
        memcpy(more, text, len);
    give_up(mem, text, len);

    return more;
}

/** Reads all of @p file into new memory. Returns 0 or an errno. */
static int read_all(const struct tha_mem *mem, FILE *file, char **ret_text, size_t *ret_len)
{
    char *text = NULL;
    size_t len = 0, room = 0;

    setvbuf(file, NULL, _IONBF, 0);
    do {
        room = room ? room * 2 : 65536;
        text = grow(mem, text, len, room);
        if (!text)
            return ENOMEM;
        len += fread(text + len, 1, room - len, file);
    } while (len == room && len <= FILE_MAX_BYTES);

    if (ferror(file) || len > FILE_MAX_BYTES) {
        int err = len > FILE_MAX_BYTES ? EFBIG : errno ? errno : EIO;

        give_up(mem, text, len);
        return err;
    }
    *ret_text = text;
    *ret_len = len;

    return 0;
}

int trunkha_engine_load_file(trunkha_engine *engine, const char *path, trunkha_diag *reterr_diag)
{
    FILE *file;
    char *text;
    size_t len;
    int err;

    if (!engine || !path || (reterr_diag && reterr_diag->size < sizeof(size_t)))
        return TRUNKHA_ERR_INVALID;

    file = fopen(path, "re");
    if (!file)
        return say(path, errno, reterr_diag);
    errno = 0;
    err = read_all(&engine->mem, file, &text, &len);
    fclose(file);
    if (err)
        return say(path, err, reterr_diag);

    err = tha_engine_load_named(engine, path, text, len, reterr_diag);
    give_up(&engine->mem, text, len);

    return err;
}
