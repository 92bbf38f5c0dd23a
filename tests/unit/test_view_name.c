#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test_view.h"
#include "view/layout.h"

/** The shared memory object behind the name, opened as a stranger would. */
static int open_object(int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "/trunkha.%s", fixture_name());

    return shm_open(path, flags, 0600);
}

static struct tha_table *map_object(void)
{
    int fd = open_object(O_RDWR);
    void *table = mmap(NULL, sizeof(struct tha_table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    ck_assert_ptr_ne(table, MAP_FAILED);
    close(fd);

    return table;
}

static int new_writer(trunkha_view **ret_view)
{
    return tha_view_new(&tha_mem_default, fixture_name(), 16, ret_view);
}

/** A process that writes until it is killed. Returns when it has published. */
static pid_t start_writer(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    fixture_name(); /* before the fork */
    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (!pid) {
        struct fixture f;
        trunkha_view *view;

        fixture_init(&f, 2, 1);
        view = fixture_view(&f, fixture_name());
        for (uint64_t i = 0;; i++) {
            tha_view_beat(view, fixture_now_ms(), 0);
            tha_view_set_trunk(view, 0, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_AVAILABLE, .since_ms = i});
            fixture_set_order(view, i % 2 ? (uint32_t[]){0, 1, THA_NONE} : (uint32_t[]){1, 0, THA_NONE});
            if (!i && write(ready[1], "x", 1) != 1)
                _exit(1);
        }
    }

    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);

    return pid;
}

static void kill_writer(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void assert_selects(const trunkha_view *view)
{
    trunkha_candidate to[2];
    size_t n = 2;

    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_ne(to[0].trunk_id, to[1].trunk_id);
}

START_TEST(names_are_checked)
{
    static const char *const bad[] = {
        "",    ".",        ".hidden", "a/b",
        "a b", "\xc3\xa4", "a\n",     "0123456789012345678901234567890123456789012345678901234567890123"};
    trunkha_view *view = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(tha_view_new(&tha_mem_default, bad[i], 1, &view), TRUNKHA_ERR_INVALID);
        ck_assert_int_eq(trunkha_view_open(bad[i], &view), TRUNKHA_ERR_INVALID);
        ck_assert_int_eq(trunkha_view_remove(bad[i]), TRUNKHA_ERR_INVALID);
    }
    ck_assert_int_eq(trunkha_view_open(NULL, &view), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_open("x", NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_remove(NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_open("a-Z_0.9-nobody-has-this", &view), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_remove("a-Z_0.9-nobody-has-this"), TRUNKHA_ERR_NOTFOUND);
    ck_assert_ptr_null(view);
}
END_TEST

START_TEST(the_object_is_readable_by_the_group_and_by_nobody_else)
{
    static const mode_t masks[] = {0, 022, 077, 0777};

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        mode_t before = umask(masks[i]);
        trunkha_view *view = NULL;
        struct stat object;
        int fd;

        ck_assert_int_eq(new_writer(&view), 0);
        umask(before);
        fd = open_object(O_RDONLY);
        ck_assert_int_eq(fstat(fd, &object), 0);
        ck_assert_uint_eq(object.st_mode & 07777, 0640);
        close(fd);
        fixture_done(view, fixture_name());
    }
}
END_TEST

START_TEST(taking_over_never_widens_the_mode)
{
    trunkha_view *view = NULL;
    struct stat object;
    int fd;

    ck_assert_int_eq(new_writer(&view), 0);
    tha_view_retire(view);
    trunkha_view_unref(view);
    fd = open_object(O_RDWR);
    ck_assert_int_eq(fchmod(fd, 0604), 0);
    ck_assert_int_eq(new_writer(&view), 0);
    ck_assert_int_eq(fstat(fd, &object), 0);
    ck_assert_uint_eq(object.st_mode & 07777, 0600);
    close(fd);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(no_descriptor_survives_exec)
{
    trunkha_view *view = NULL, *reader = NULL;
    int seen = 0;

    ck_assert_int_eq(new_writer(&view), 0);
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &reader), 0);
    for (int fd = 3; fd < 64; fd++) {
        char link[32], path[128] = "";

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, fixture_name())) {
            ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
            seen++;
        }
    }
    ck_assert_int_eq(seen, 1);
    trunkha_view_unref(reader);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(a_live_writer_keeps_its_name)
{
    trunkha_view *view = NULL, *other = NULL;

    ck_assert_int_eq(new_writer(&view), 0);
    ck_assert_int_eq(new_writer(&other), TRUNKHA_ERR_BUSY);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), TRUNKHA_ERR_BUSY);
    ck_assert_ptr_null(other);

    tha_view_beat(view, fixture_now_ms() - THA_VIEW_DEAD_MS + 1000, 0);
    ck_assert_int_eq(new_writer(&other), TRUNKHA_ERR_BUSY);
    tha_view_beat(view, fixture_now_ms() - THA_VIEW_DEAD_MS, 0); /* alive but silent: it hangs */
    ck_assert_int_eq(new_writer(&other), 0);
    trunkha_view_unref(view);
    fixture_done(other, fixture_name());
}
END_TEST

/** Moves the last sign of life back, as if the writer had been silent for so long. */
static void age_heartbeat(uint64_t by_ms)
{
    struct tha_table *table = map_object();

    table->identity.heartbeat_ms -= by_ms;
    munmap(table, sizeof(*table));
}

START_TEST(a_writer_that_has_not_begun_keeps_its_name)
{
    trunkha_view *view = NULL, *other = NULL;

    ck_assert_int_eq(new_writer(&view), 0);
    age_heartbeat(2 * THA_VIEW_DEAD_MS);
    ck_assert_int_eq(new_writer(&other), TRUNKHA_ERR_BUSY);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), TRUNKHA_ERR_BUSY);

    tha_view_beat(view, fixture_now_ms(), 0);
    ck_assert_int_eq(new_writer(&other), TRUNKHA_ERR_BUSY);
    age_heartbeat(THA_VIEW_DEAD_MS);
    ck_assert_int_eq(new_writer(&other), 0);
    age_heartbeat(THA_VIEW_DEAD_MS);
    trunkha_view_unref(view);
    ck_assert_int_eq(new_writer(&view), TRUNKHA_ERR_BUSY); /* the beats before were another's */
    fixture_done(other, fixture_name());
}
END_TEST

START_TEST(a_writer_that_died_before_it_began_loses_its_name)
{
    trunkha_view *view = NULL;
    int status;
    pid_t pid;

    fixture_name(); /* before the fork */
    pid = fork();
    if (!pid)
        _exit(new_writer(&view) ? 1 : 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(new_writer(&view), 0);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(who_ends_twice_does_not_end_the_successor)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_view *old = NULL, *view = NULL, *third = NULL;

    ck_assert_int_eq(new_writer(&old), 0);
    tha_view_retire(old);
    ck_assert_int_eq(new_writer(&view), 0);
    tha_view_retire(old);
    trunkha_view_unref(old);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 1);
    ck_assert_uint_eq(info.writer_pid, (uint32_t)getpid());
    ck_assert_int_eq(new_writer(&third), TRUNKHA_ERR_BUSY);
    fixture_done(view, fixture_name());
}
END_TEST

#define N_PLACES 4

/** Copies the beginning of all that a writer writes to. */
static void copy_object(char (*buf)[THA_TABLE_PAGE])
{
    static const uint64_t places[N_PLACES] = {0, THA_RING_OFFSET, THA_HALVES_START, THA_HALVES_START + THA_HALF_SIZE};
    int fd = open_object(O_RDONLY);

    for (size_t i = 0; i < N_PLACES; i++)
        ck_assert_int_eq(pread(fd, buf[i], THA_TABLE_PAGE, (off_t)places[i]), THA_TABLE_PAGE);
    close(fd);
}

static void write_all(trunkha_view *view, struct fixture *f)
{
    trunkha_event event = TRUNKHA_EVENT_INIT;

    event.sequence = 7;
    tha_view_set_target(view, 0, &(struct tha_target_state){.health = TRUNKHA_HEALTH_DOWN});
    tha_view_set_trunk(view, 0, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_DOWN});
    tha_view_set_group(view, 0, TRUNKHA_HEALTH_DOWN);
    fixture_set_order(view, (uint32_t[]){1, 0, THA_NONE});
    tha_view_append_event(view, &event);
    tha_view_publish(view);
    tha_view_beat(view, fixture_now_ms() + 60000, 0);
    ck_assert_int_eq(tha_view_prepare(view, &f->catalogue), TRUNKHA_ERR_BUSY);
    tha_view_retire(view);
}

START_TEST(a_writer_whose_name_was_taken_falls_silent)
{
    static char before[N_PLACES][THA_TABLE_PAGE], after[N_PLACES][THA_TABLE_PAGE];
    struct fixture f;

    fixture_init(&f, 2, 1);
    for (int has_ended = 0; has_ended < 2; has_ended++) {
        trunkha_view *old = fixture_view(&f, fixture_name()), *view;

        ck_assert_int_eq(tha_view_prepare(old, &f.catalogue), 0);
        if (has_ended)
            tha_view_retire(old);
        else
            tha_view_beat(old, fixture_now_ms() - THA_VIEW_DEAD_MS, 0);

        view = fixture_view(&f, fixture_name());
        copy_object(before);
        write_all(old, &f);
        copy_object(after);
        for (size_t i = 0; i < N_PLACES; i++)
            ck_assert_mem_eq(before[i], after[i], THA_TABLE_PAGE);
        trunkha_view_unref(old);
        fixture_done(view, fixture_name());
    }
}
END_TEST

START_TEST(a_child_does_not_hold_the_name)
{
    trunkha_view *view = NULL;
    int hold[2];
    pid_t pid;

    ck_assert_int_eq(pipe(hold), 0);
    ck_assert_int_eq(new_writer(&view), 0);
    pid = fork();
    if (!pid) {
        char byte;

        close(hold[1]);
        _exit(read(hold[0], &byte, 1) != 0);
    }
    close(hold[0]);
    tha_view_retire(view);
    trunkha_view_unref(view);
    ck_assert_int_eq(new_writer(&view), 0);
    close(hold[1]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(a_lock_that_is_never_given_back_makes_busy)
{
    trunkha_view *view = NULL;
    int fd;

    ck_assert_int_eq(new_writer(&view), 0);
    tha_view_retire(view);
    trunkha_view_unref(view);
    fd = open_object(O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(new_writer(&view), TRUNKHA_ERR_BUSY);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), TRUNKHA_ERR_BUSY);
    close(fd);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), 0);
}
END_TEST

START_TEST(a_reader_outlives_a_killed_writer_and_sees_the_next_one)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_view *reader = NULL, *view = NULL;
    pid_t pid = start_writer();
    struct fixture f;

    ck_assert_int_eq(trunkha_view_open(fixture_name(), &reader), 0);
    ck_assert_int_eq(new_writer(&view), TRUNKHA_ERR_BUSY);
    for (int i = 0; i < 20000; i++)
        assert_selects(reader);
    ck_assert_int_eq(trunkha_view_get_info(reader, &info), 0);
    ck_assert_uint_eq(info.is_live, 1);
    ck_assert_uint_eq(info.writer_pid, (uint32_t)pid);

    kill_writer(pid);
    assert_selects(reader);
    ck_assert_int_eq(trunkha_view_get_trunk(reader, 0, &status), 0);
    ck_assert_uint_eq(status.health, TRUNKHA_HEALTH_AVAILABLE);

    ck_assert_int_eq(new_writer(&view), 0);
    assert_selects(reader);
    fixture_init(&f, 2, 1);
    f.trunks[0].id = "new";
    fixture_load(&f, view);
    ck_assert_int_eq(trunkha_view_get_trunk(reader, 0, &status), 0);
    ck_assert_str_eq(status.id, "new");
    ck_assert_int_eq(trunkha_view_get_info(reader, &info), 0);
    ck_assert_uint_eq(info.writer_pid, (uint32_t)getpid());
    ck_assert_uint_eq(info.generation, 2);
    trunkha_view_unref(reader);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(writers_killed_at_any_moment_leave_a_readable_table)
{
    trunkha_view *reader = NULL;

    for (int round = 0; round < 30; round++) {
        pid_t pid = start_writer();

        if (!reader)
            ck_assert_int_eq(trunkha_view_open(fixture_name(), &reader), 0);
        for (int i = 0; i < 50 * round; i++)
            assert_selects(reader);
        kill_writer(pid);
        assert_selects(reader);
    }
    trunkha_view_unref(reader);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), 0);
}
END_TEST

/** As a user who may only read: without the capabilities that root has. */
static void read_as_stranger(void)
{
    const struct tha_view_wish wish = {0};
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_call_status call = TRUNKHA_CALL_STATUS_INIT;
    struct tha_view_call mine = {.pid = 1};
    struct tha_news news = {0};
    struct tha_view_pick pick;
    trunkha_view *view = NULL;
    uint32_t place = 0;

    if (setegid(65534) || seteuid(65534))
        _exit(77);
    if (trunkha_view_open(fixture_name(), &view) || tha_view_has_calls(view))
        _exit(1);
    if (tha_view_pick(view, "RP", &wish, &pick) != TRUNKHA_ERR_ACCESS || tha_view_enter_call(view, &mine) ||
        tha_view_remove_call(view, 1, NULL) || tha_view_update_call(view, 1, &mine))
        _exit(2);
    tha_view_post_news(view, &news, true);
    tha_view_leave(view, TRUNK_SLOT(0));
    tha_view_count_call(view, 0, 0);
    if (trunkha_view_get_trunk(view, 0, &trunk) || trunk.active_calls != 1 ||
        trunkha_view_next_call(view, NULL, &place, &call) || strcmp(call.call_id, "c") || tha_view_lost_news(view))
        _exit(3);
    trunkha_view_unref(view);
    _exit(0);
}

START_TEST(who_may_not_write_the_object_has_no_calls_but_sees_them)
{
    const struct tha_view_wish wish = {.now_ms = fixture_now_ms()};
    struct tha_view_call call = {.call_id = "c", .pid = (uint32_t)getpid()};
    struct tha_view_pick pick;
    trunkha_view *view, *other = NULL;
    struct fixture f;
    int status;
    pid_t pid;
    int fd;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, fixture_name());
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(2), TARGET_SLOT(2), 3), 0);
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &other), 0);
    ck_assert(tha_view_has_calls(other));
    ck_assert_int_eq(tha_view_pick(other, "RP", &wish, &pick), 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 1);
    ck_assert_uint_ne(tha_view_enter_call(other, &call), 0);

    fd = open_object(O_RDWR);
    ck_assert_int_eq(fchmod(fd, 0644), 0); /* the group of a stranger is not ours to choose */
    close(fd);
    pid = fork();
    if (!pid)
        read_as_stranger();
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        puts("skipped: no right to be somebody else");
    else
        ck_assert_int_eq(status, 0);
    trunkha_view_unref(other);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(calls_and_their_limits_outlive_the_writer)
{
    const struct tha_view_wish wish = {.now_ms = fixture_now_ms()};
    struct tha_view_call call = {.call_id = "c", .pid = (uint32_t)getpid(), .expires_ms = 5};
    struct tha_news news = {.kind = THA_NEWS_BEGUN};
    struct tha_view_pick pick;
    trunkha_view *view, *other = NULL;
    struct fixture f;
    uint64_t token;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, fixture_name());
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(2), TARGET_SLOT(2), 3), 0);
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &other), 0);
    ck_assert_int_eq(tha_view_pick(other, "RP", &wish, &pick), 0);
    token = tha_view_enter_call(other, &call);
    tha_view_post_news(other, &news, true);
    tha_view_retire(view);
    trunkha_view_unref(view);

    view = fixture_view(&f, fixture_name());
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 1);
    ck_assert(tha_view_take_news(view, wish.now_ms, &news));
    ck_assert_uint_eq(news.kind, THA_NEWS_BEGUN);
    ck_assert(tha_view_remove_call(other, token, NULL));
    trunkha_view_unref(other);
    fixture_done(view, fixture_name());
}
END_TEST

START_TEST(another_layout_is_refused_for_reading_and_replaced_for_writing)
{
    trunkha_view *view = NULL, *other = NULL;
    struct tha_table *table;

    ck_assert_int_eq(new_writer(&view), 0);
    table = map_object();
    table->identity.layout++;
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &other), TRUNKHA_ERR_VERSION);
    ck_assert_int_eq(new_writer(&other), TRUNKHA_ERR_BUSY); /* it is alive, whatever it writes */
    tha_view_retire(view);
    trunkha_view_unref(view);
    ck_assert_int_eq(new_writer(&view), 0);
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &other), 0);
    munmap(table, sizeof(*table));
    trunkha_view_unref(other);
    fixture_done(view, fixture_name());
}
END_TEST

/** Puts an object of @p size bytes under the name. */
static void make_foreign(const void *content, size_t content_size, off_t size)
{
    int fd = open_object(O_RDWR | O_CREAT | O_EXCL);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    ck_assert_int_eq(pwrite(fd, content, content_size, 0), (ssize_t)content_size);
    close(fd);
}

START_TEST(a_foreign_object_is_refused_for_reading_and_replaced_for_writing)
{
    static const char garbage[4096] = "this is not a table";
    const struct tha_table_identity forged = {.magic = THA_TABLE_MAGIC,
                                              .layout = THA_TABLE_LAYOUT,
                                              .event_size = sizeof(struct tha_stored_event),
                                              .table_size = THA_TABLE_SIZE};
    const struct {
        const void *content;
        size_t content_size;
        off_t size;
    } objects[] = {
        {garbage, 1, 1},
        {garbage, sizeof(garbage), sizeof(garbage)},
        {garbage, sizeof(garbage), (off_t)THA_TABLE_SIZE},
        {&forged, sizeof(forged), sizeof(forged)}, /* says the right words and is too short */
        {&forged, sizeof(forged), (off_t)THA_TABLE_SIZE - 1},
    };

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        trunkha_view *view = NULL;

        make_foreign(objects[i].content, objects[i].content_size, objects[i].size);
        ck_assert_int_eq(trunkha_view_open(fixture_name(), &view), TRUNKHA_ERR_VERSION);
        ck_assert_int_eq(new_writer(&view), 0);
        fixture_done(view, fixture_name());

        make_foreign(objects[i].content, objects[i].content_size, objects[i].size);
        ck_assert_int_eq(trunkha_view_remove(fixture_name()), 0);
    }
}
END_TEST

START_TEST(an_object_that_is_being_made_is_not_there_yet)
{
    static const off_t sizes[] = {0, (off_t)THA_TABLE_SIZE};

    for (size_t i = 0; i < 2; i++) {
        trunkha_view *view = NULL;

        make_foreign("", 0, sizes[i]);
        ck_assert_int_eq(trunkha_view_open(fixture_name(), &view), TRUNKHA_ERR_NOTFOUND);
        ck_assert_int_eq(new_writer(&view), 0);
        fixture_done(view, fixture_name());
    }
}
END_TEST

START_TEST(a_removed_name_leaves_its_readers_in_peace)
{
    trunkha_view *view, *reader = NULL;
    struct fixture f;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, fixture_name());
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &reader), 0);
    fixture_done(view, fixture_name());
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &view), TRUNKHA_ERR_NOTFOUND);
    assert_selects(reader);
    trunkha_view_unref(reader);
}
END_TEST

START_TEST(the_object_of_another_user_is_not_written_to)
{
    trunkha_view *view = NULL;
    int fd;

    if (geteuid()) {
        puts("skipped: only root can make an object of another user");
        return;
    }

    make_foreign("x", 1, 4096);
    fd = open_object(O_RDWR);
    ck_assert_int_eq(fchown(fd, 65534, 65534), 0);
    close(fd);
    ck_assert_int_eq(new_writer(&view), TRUNKHA_ERR_ACCESS);
    ck_assert_int_eq(trunkha_view_remove(fixture_name()), 0);
}
END_TEST

START_TEST(who_may_not_read_the_object_is_told_so)
{
    trunkha_view *view = NULL;
    int status;
    pid_t pid;

    if (geteuid()) {
        puts("skipped: only root can become somebody else");
        return;
    }

    ck_assert_int_eq(new_writer(&view), 0);
    pid = fork();
    if (!pid) {
        trunkha_view *reader = NULL;

        if (setgid(65534) || setuid(65534))
            _exit(1);
        _exit(trunkha_view_open(fixture_name(), &reader) == TRUNKHA_ERR_ACCESS ? 0 : 2);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    fixture_done(view, fixture_name());
}
END_TEST

SUITE("view_name", names_are_checked, the_object_is_readable_by_the_group_and_by_nobody_else,
      taking_over_never_widens_the_mode, no_descriptor_survives_exec, a_live_writer_keeps_its_name,
      a_writer_that_has_not_begun_keeps_its_name, a_writer_that_died_before_it_began_loses_its_name,
      who_ends_twice_does_not_end_the_successor, a_writer_whose_name_was_taken_falls_silent, a_child_does_not_hold_the_name,
      a_lock_that_is_never_given_back_makes_busy, a_reader_outlives_a_killed_writer_and_sees_the_next_one,
      writers_killed_at_any_moment_leave_a_readable_table, who_may_not_write_the_object_has_no_calls_but_sees_them,
      calls_and_their_limits_outlive_the_writer, another_layout_is_refused_for_reading_and_replaced_for_writing,
      a_foreign_object_is_refused_for_reading_and_replaced_for_writing, an_object_that_is_being_made_is_not_there_yet,
      a_removed_name_leaves_its_readers_in_peace, the_object_of_another_user_is_not_written_to,
      who_may_not_read_the_object_is_told_so)
