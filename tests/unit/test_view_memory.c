#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test_view.h"
#include "view/layout.h"

/** What a named table takes from the start: the header, reports and the first places for running calls. */
#define CREATED                                                                                                             \
    ((long)(2 * THA_TABLE_PAGE + THA_REPORTS_MAX * sizeof(struct tha_report_record) +                                       \
            THA_RUNNING_FIRST * sizeof(struct tha_running_record)))

/** Bytes of shared memory that the view really takes. */
static long taken(void)
{
    struct stat object;
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/trunkha.%s", fixture_name());
    fd = shm_open(path, O_RDONLY, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &object), 0);
    close(fd);

    return (long)object.st_blocks * 512;
}

static void append(trunkha_view *view, uint64_t sequence)
{
    const trunkha_event event = {.size = sizeof(event), .sequence = sequence};

    tha_view_append_event(view, &event);
}

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    int *left = user_data;

    if (size && (*left)-- <= 0)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(out_of_memory_leaves_nothing_behind)
{
    trunkha_view *view = NULL;
    int allowed, left, err;

    for (allowed = 0; allowed < 10; allowed++) {
        const struct tha_mem mem = {failing_realloc, &left};

        left = allowed;
        err = tha_view_new(&mem, fixture_name(), 16, &view);
        if (!err)
            break;
        ck_assert_int_eq(err, TRUNKHA_ERR_NOMEM);
        ck_assert_ptr_null(view);
        ck_assert_int_eq(trunkha_view_remove(fixture_name()), TRUNKHA_ERR_NOTFOUND);
    }
    ck_assert_int_ge(allowed, 1);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(memory_is_taken_only_for_what_was_written)
{
    trunkha_view *view = NULL;
    struct fixture f;
    long before;

    fixture_init(&f, 2, 1);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, fixture_name(), 65536, &view), 0);
    ck_assert_int_le(taken(), CREATED);
    fixture_load(&f, view);
    ck_assert_int_le(taken(), CREATED + 512 * 1024);
    before = taken();
    append(view, 1);
    ck_assert_int_gt(taken(), before);
    ck_assert_int_le(taken(), before + 256 * 1024);
    fixture_done(view, fixture_name());
}
END_TEST

/** Pages of shared memory that this process has touched, in KiB. */
static long touched(void)
{
    FILE *in = fopen("/proc/self/status", "r");
    char line[128];
    long kib = -1;

    ck_assert_ptr_nonnull(in);
    while (kib < 0 && fgets(line, sizeof(line), in))
        sscanf(line, "RssShmem: %ld kB", &kib);
    fclose(in);

    return kib;
}

START_TEST(without_calls_and_limits_no_gauge_is_touched)
{
    enum { GAUGES = 200000 };
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_call_status call = TRUNKHA_CALL_STATUS_INIT;
    trunkha_candidate to[2];
    struct fixture f;
    trunkha_view *view;
    uint32_t place = 0;
    long before;

    fixture_init(&f, 2, 1);
    for (uint32_t i = 0; i < 2; i++)
        f.slots[i] = GAUGES - 1 - i * GAUGES / 2; /* far from each other */
    view = fixture_view(&f, NULL);
    tha_view_reserve_gauges(view, GAUGES, GAUGES, GAUGES);
    trunkha_view_get_trunk(view, 0, &trunk); /* the header */
    before = touched();
    for (uint32_t i = 0; i < GAUGES; i++)
        tha_view_set_limits(view, i, 0, 0);
    for (int i = 0; i < 10; i++) {
        size_t n = 2;

        ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
        ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
        ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &trunk), 0);
        ck_assert_int_eq(trunkha_view_next_call(view, NULL, &place, &call), TRUNKHA_ERR_END);
        tha_view_reap_call(view, 100, 0, &(struct tha_view_call){0});
        tha_view_beat(view, fixture_now_ms(), 0);
    }
    ck_assert_int_le(touched(), before + 16); /* the bits of the list */
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_memory_of_the_load_before_is_given_back)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    uint64_t now_ms = fixture_now_ms();
    struct fixture f;
    trunkha_view *view;
    long one, two;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, fixture_name());
    one = taken();
    tha_view_beat(view, now_ms, 0);
    fixture_load(&f, view);
    two = taken();
    ck_assert_int_gt(two, one);
    tha_view_beat(view, now_ms + 1000, 0);
    ck_assert_int_eq(taken(), two);
    tha_view_beat(view, now_ms + 10000, 0);
    ck_assert_int_eq(taken(), one);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), 0);
    ck_assert_str_eq(trunk.id, "t1");
    fixture_load(&f, view);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), 0);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(a_catalogue_that_is_too_large_is_refused)
{
    static struct tha_view_profile profiles[64];
    struct fixture f;
    trunkha_view *view;
    trunkha_candidate to;
    size_t n = 1;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    for (uint32_t i = 0; i < 64; i++) /* refused before the first of these entries is looked at */
        profiles[i] = (struct tha_view_profile){.id = f.profiles[0].id, .configured = f.order, .n_targets = UINT32_MAX};
    f.catalogue.profiles = profiles;
    f.catalogue.n_profiles = 64;
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), TRUNKHA_ERR_NOMEM);
    tha_view_publish(view);
    ck_assert_int_eq(trunkha_view_select(view, "RP", &to, &n), 0);
    ck_assert_str_eq(to.trunk_id, "t0");
    fixture_done(view, NULL);
}
END_TEST

/** Runs in a mount namespace of its own, where shared memory is small. */
static void use_up_shared_memory(void)
{
    trunkha_view *view = NULL, *other = NULL, *reader = NULL;
    trunkha_event event = {.size = sizeof(event)};
    trunkha_candidate to;
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    struct fixture f;
    size_t n = 1;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, "small");
    ck_assert_int_eq(trunkha_view_open("small", &reader), 0);
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(trunkha_view_select(reader, "RP", &to, &n), 0);
    fixture_set_order(view, (uint32_t[]){1, 0, THA_NONE});
    ck_assert_int_eq(trunkha_view_select(reader, "RP", &to, &n), 0);
    ck_assert_str_eq(to.trunk_id, "t1");

    for (uint64_t i = 1; i < 10; i++)
        append(view, i);
    while (!trunkha_view_next_event(reader, &cursor, &event))
        ;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, "no-room", 16, &other), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(trunkha_view_open("no-room", &other), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_select(reader, "RP", &to, &n), 0);
}

START_TEST(full_shared_memory_is_an_error_and_not_the_end)
{
    char size[32];
    int status;
    pid_t pid;

    snprintf(size, sizeof(size), "size=%ldk", CREATED / 1024 + 400);
    pid = fork();
    if (!pid) {
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("none", "/dev/shm", "tmpfs", 0, size))
            _exit(77);
        use_up_shared_memory();
        _exit(0);
    }

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        puts("skipped: no right to mount a small file system");
    else
        ck_assert_int_eq(status, 0);
}
END_TEST

SUITE("view_memory", out_of_memory_leaves_nothing_behind, memory_is_taken_only_for_what_was_written,
      without_calls_and_limits_no_gauge_is_touched, the_memory_of_the_load_before_is_given_back,
      a_catalogue_that_is_too_large_is_refused, full_shared_memory_is_an_error_and_not_the_end)
