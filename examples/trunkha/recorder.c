#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool recorder_open(struct recorder *recorder, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

    *recorder = (struct recorder){path, fd < 0 ? NULL : fdopen(fd, "w"), false};
    if (recorder->file)
        return true;

    fprintf(stderr, "trunkha run: cannot record to %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);

    return false;
}

/** On the engine's thread: the stream has its own lock, and it is recorder_flush() that tells what fails. */
void recorder_write_cb(const char *line, size_t len, void *user_data)
{
    const struct recorder *recorder = user_data;

    if (!ferror(recorder->file))
        fwrite(line, 1, len, recorder->file);
}

static void note_failure(struct recorder *recorder, int error)
{
    if (!recorder->is_told)
        fprintf(stderr, "trunkha run: %s ends here: %s; probing goes on\n", recorder->path,
                error ? strerror(error) : "it cannot be written");
    recorder->is_told = true;
}

void recorder_flush(struct recorder *recorder)
{
    if (!recorder->file || recorder->is_told)
        return;
    errno = 0;
    if (fflush(recorder->file) || ferror(recorder->file))
        note_failure(recorder, errno);
}

void recorder_close(struct recorder *recorder)
{
    bool is_empty;

    if (!recorder->file)
        return;
    recorder_flush(recorder);
    is_empty = ftell(recorder->file) == 0;
    if (fclose(recorder->file))
        note_failure(recorder, errno);
    if (is_empty)
        unlink(recorder->path);
    recorder->file = NULL;
}
