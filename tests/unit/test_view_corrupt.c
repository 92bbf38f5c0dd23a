#include <fcntl.h>
#include <sys/mman.h>

#include "test_view.h"
#include "view/layout.h"

/* Random bytes are written over a table while it is being read: answers may be wrong, but nobody crashes, runs on without an
 * end, or returns a text that does not end. Run it under the address sanitizer too. */

#define ROUNDS     5000
#define HALF_BYTES 8192U

struct victim {
    struct fixture f;
    trunkha_view *writer, *reader;
    uint8_t *table;
    uint8_t header[sizeof(struct tha_table)];
    uint8_t half[HALF_BYTES];
};

static uint8_t *half_of(const struct victim *v)
{
    return v->table + THA_HALVES_START + THA_HALF_SIZE; /* the first load goes there */
}

static void victim_init(struct victim *v)
{
    const uint8_t run = THA_RUN_WEIGHTED;
    const struct tha_route_entry entries[] = {{.target = 0},
                                              {.target = 1, .run = run | THA_RUN_START, .weight = 3},
                                              {.target = 2, .run = run, .weight = 4},
                                              {.target = 3, .why = TRUNKHA_WHY_DISABLED}};
    char path[64];
    int fd;

    fixture_init(&v->f, 2, 2);
    tha_addr_parse_ip(&v->f.targets[3].addr, "2001:db8::1", strlen("2001:db8::1"));
    v->f.trunks[0].direction = v->f.trunks[1].direction = THA_DIRECTION_INBOUND;
    v->f.trunks[0].paired = 2;
    v->f.trunks[2].direction = THA_DIRECTION_OUTBOUND;
    v->f.trunks[2].paired = 0;
    v->writer = fixture_view(&v->f, fixture_name());
    tha_view_set_route(v->writer, 0, entries, 4, 0);
    tha_view_set_route(v->writer, 1, entries, 2, 0);
    for (uint64_t i = 1; i < 20; i++)
        tha_view_append_event(v->writer, &(trunkha_event){.sequence = i, .type = (uint32_t)i % 12});
    ck_assert_int_eq(trunkha_view_open(fixture_name(), &v->reader), 0);
    ck_assert_int_eq(tha_view_reserve_gauges(v->writer, TRUNK_SLOT(4), TARGET_SLOT(4), 3), 0);

    snprintf(path, sizeof(path), "/trunkha.%s", fixture_name());
    fd = shm_open(path, O_RDWR, 0);
    v->table = mmap(NULL, THA_TABLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    ck_assert_ptr_ne(v->table, MAP_FAILED);
    memcpy(v->header, v->table, sizeof(v->header));
    memcpy(v->half, half_of(v), sizeof(v->half));
}

static void victim_done(struct victim *v)
{
    memcpy(v->table, v->header, sizeof(v->header));
    munmap(v->table, THA_TABLE_SIZE);
    trunkha_view_unref(v->reader);
    fixture_done(v->writer, fixture_name());
}

/** Half of the time a whole word, as a reference gone wrong would be, else single bytes. */
static void spoil(uint8_t *bytes, size_t size, int times)
{
    for (int i = 0; i < times; i++) {
        size_t at = (size_t)rand() % size;
        uint32_t word = rand() % 4 ? (uint32_t)rand() * 2654435769U : UINT32_MAX;

        if (rand() % 2 && at / 4 * 4 + 4 <= size)
            memcpy(bytes + at / 4 * 4, &word, 4);
        else
            bytes[at] = (uint8_t)word;
    }
}

static void assert_ends(const char *text, size_t size)
{
    ck_assert_uint_lt(strnlen(text, size), size);
}

static void read_candidates(const trunkha_view *view, const char *profile, bool is_explained)
{
    trunkha_candidate to[6];
    size_t n = 6;

    memset(to, 'x', sizeof(to));
    if (is_explained ? trunkha_view_explain(view, profile, to, &n) : trunkha_view_select(view, profile, to, &n))
        return;

    ck_assert_uint_ge(n, 1);
    ck_assert_uint_le(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_ends(to[i].trunk_id, sizeof(to[i].trunk_id));
        assert_ends(to[i].trunk_group_id, sizeof(to[i].trunk_group_id));
        assert_ends(to[i].target, sizeof(to[i].target));
        assert_ends(to[i].uri, sizeof(to[i].uri));
        assert_ends(to[i].outbound_route, sizeof(to[i].outbound_route));
    }
}

static void read_entries(const trunkha_view *view)
{
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    trunkha_profile_status profile = TRUNKHA_PROFILE_STATUS_INIT;
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;

    for (uint32_t i = 0; i < 5; i++) {
        uint32_t index = i < 4 ? i : (uint32_t)rand();

        if (!trunkha_view_get_group(view, index, &group))
            assert_ends(group.active_trunk_id, sizeof(group.active_trunk_id));
        if (!trunkha_view_get_trunk(view, index, &trunk)) {
            assert_ends(trunk.name, sizeof(trunk.name));
            assert_ends(trunk.uri, sizeof(trunk.uri));
            assert_ends(trunk.paired_trunk_id, sizeof(trunk.paired_trunk_id));
        }
        if (!trunkha_view_get_target(view, index, &target)) {
            assert_ends(target.target, sizeof(target.target));
            assert_ends(target.supported, sizeof(target.supported));
        }
        if (!trunkha_view_get_profile(view, index, &profile))
            assert_ends(profile.id, sizeof(profile.id));
    }
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    assert_ends(info.instance_id, sizeof(info.instance_id));
}

static struct tha_addr addr_of(const char *ip, uint16_t port)
{
    struct tha_addr addr;

    ck_assert(tha_addr_parse_ip(&addr, ip, strlen(ip)));
    addr.port = port;

    return addr;
}

static void read_source(trunkha_view *view, const struct tha_addr *addr)
{
    trunkha_source source;
    uint32_t slot;

    tha_view_note_request(view, addr, (uint64_t)rand());
    memset(&source, 'x', sizeof(source));
    if (tha_view_find_source(view, addr, &source, &slot))
        return;

    assert_ends(source.trunk_id, sizeof(source.trunk_id));
    assert_ends(source.trunk_group_id, sizeof(source.trunk_group_id));
}

static void read_sources(trunkha_view *view)
{
    const struct tha_addr addrs[] = {addr_of("192.0.2.1", 5001), addr_of("2001:db8::1", 0), addr_of("192.0.2.2", 5060)};

    for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++)
        read_source(view, &addrs[i]);
}

static void read_events(const trunkha_view *view)
{
    trunkha_event event = {.size = sizeof(event)};
    trunkha_cursor cursor = {.sequence = rand() % 2 ? 0 : (uint64_t)rand() % 25};

    for (int i = 0; i < 40 && !trunkha_view_next_event(view, &cursor, &event); i++) {
        assert_ends(event.entity_id, sizeof(event.entity_id));
        assert_ends(event.detail, sizeof(event.detail));
        assert_ends(event.added, sizeof(event.added));
        assert_ends(event.removed, sizeof(event.removed));
    }
}

static void read_all(trunkha_view *view)
{
    read_candidates(view, "RP", false);
    read_candidates(view, "RP", true);
    read_candidates(view, "g0", false);
    read_candidates(view, "nobody", false);
    read_entries(view);
    read_sources(view);
    read_events(view);
}

START_TEST(random_bytes_in_the_catalogue_crash_nobody)
{
    static struct victim v;

    srand(1);
    victim_init(&v);
    for (int i = 0; i < ROUNDS; i++) {
        spoil(half_of(&v), rand() % 2 ? sizeof(struct tha_half) : HALF_BYTES, 1 + rand() % 20);
        read_all(v.reader);
        memcpy(half_of(&v), v.half, sizeof(v.half));
    }
    victim_done(&v);
}
END_TEST

START_TEST(random_bytes_in_the_header_crash_nobody)
{
    static struct victim v;

    srand(2);
    victim_init(&v);
    for (int i = 0; i < ROUNDS; i++) {
        spoil(v.table, sizeof(struct tha_table), 1 + rand() % 4);
        read_all(v.reader);
        memcpy(v.table, v.header, sizeof(v.header));
    }
    victim_done(&v);
}
END_TEST

START_TEST(random_bytes_in_the_ring_crash_nobody)
{
    static struct victim v;
    trunkha_event event = {.size = sizeof(event)};
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;

    srand(3);
    victim_init(&v);
    for (int i = 0; i < ROUNDS; i++) {
        spoil(v.table + THA_RING_OFFSET, 16 * sizeof(struct tha_event_record), 20);
        read_events(v.reader);
    }
    for (uint64_t i = 20; i < 40; i++)
        tha_view_append_event(v.writer, &(trunkha_event){.sequence = i});
    ck_assert_int_eq(trunkha_view_next_event(v.reader, &cursor, &event), 0);
    ck_assert_uint_eq(cursor.sequence, 24);
    victim_done(&v);
}
END_TEST

/** The first element of an array, to be spoilt. */
static void *first_of(const struct victim *v, enum tha_array array)
{
    const struct tha_half *half = (const void *)half_of(v);

    return half_of(v) + (half->arrays[array] >> 32) * THA_LINE_SIZE;
}

START_TEST(the_last_places_of_a_half_can_be_referred_to)
{
    static struct victim v;
    struct tha_trunk_record *trunk;
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;

    victim_init(&v);
    trunk = first_of(&v, THA_ARRAY_TRUNKS);
    trunk->name = UINT32_MAX;
    ck_assert_int_eq(trunkha_view_get_trunk(v.reader, 0, &status), 0);
    ck_assert_str_eq(status.id, "t0");
    ck_assert_str_eq(status.name, "");
    memcpy(half_of(&v), v.half, sizeof(v.half));
    victim_done(&v);
}
END_TEST

START_TEST(an_order_that_does_not_end_in_the_half_is_no_order)
{
    static struct victim v;
    struct tha_profile_record *profile;
    trunkha_candidate to;
    size_t n = 1;

    victim_init(&v);
    profile = first_of(&v, THA_ARRAY_PROFILES);
    for (int i = 0; i < THA_ORDER_COUNT; i++)
        profile->orders[i] = UINT64_C(1) << 56 | UINT32_MAX;
    ck_assert_int_eq(trunkha_view_select(v.reader, "RP", &to, &n), TRUNKHA_ERR_UNAVAILABLE);
    memcpy(half_of(&v), v.half, sizeof(v.half));
    victim_done(&v);
}
END_TEST

START_TEST(slots_that_do_not_end_in_the_half_are_no_slots)
{
    static struct victim v;
    trunkha_candidate to;
    size_t n = 1;

    victim_init(&v);
    for (uint32_t n_slots = UINT32_MAX; n_slots > THA_SLOTS_MAX; n_slots /= 2) {
        ((struct tha_half *)half_of(&v))->n_slots = n_slots;
        ck_assert_int_eq(trunkha_view_select(v.reader, "RP", &to, &n), TRUNKHA_ERR_NOTFOUND);
    }
    memcpy(half_of(&v), v.half, sizeof(v.half));
    ck_assert_int_eq(trunkha_view_select(v.reader, "RP", &to, &n), 0);
    victim_done(&v);
}
END_TEST

START_TEST(sources_that_do_not_end_in_the_half_are_no_sources)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5001);
    static struct victim v;
    trunkha_source source;
    struct tha_half *half;
    uint32_t slot;

    victim_init(&v);
    half = (void *)half_of(&v);
    for (uint32_t count = UINT32_MAX; count > THA_HALF_SIZE / sizeof(uint32_t); count /= 2) {
        half->arrays[THA_ARRAY_SOURCES] = half->arrays[THA_ARRAY_SOURCES] >> 32 << 32 | count;
        ck_assert_int_eq(tha_view_find_source(v.reader, &addr, &source, &slot), TRUNKHA_ERR_NOTFOUND);
    }
    memcpy(half_of(&v), v.half, sizeof(v.half));
    ck_assert_int_eq(tha_view_find_source(v.reader, &addr, &source, &slot), 0);
    victim_done(&v);
}
END_TEST

START_TEST(a_search_ends_though_no_slot_is_free)
{
    const struct tha_addr addr = addr_of("192.0.2.2", 5060);
    static struct victim v;
    trunkha_source source;
    uint32_t slot;

    victim_init(&v);
    memset(first_of(&v, THA_ARRAY_SOURCES), 0xff, 2 * 4 * sizeof(uint32_t));
    ck_assert_int_eq(tha_view_find_source(v.reader, &addr, &source, &slot), TRUNKHA_ERR_NOTFOUND);
    memcpy(half_of(&v), v.half, sizeof(v.half));
    victim_done(&v);
}
END_TEST

START_TEST(inbound_trunks_in_a_circle_have_an_end)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5001);
    static struct victim v;
    struct tha_target_record *targets;
    struct tha_card *cards[2];
    struct tha_news news;

    victim_init(&v);
    targets = first_of(&v, THA_ARRAY_TARGETS);
    for (uint32_t i = 0; i < 2; i++)
        cards[i] = (void *)(half_of(&v) + targets[i].card);
    ck_assert_uint_eq(cards[0]->next_inbound, targets[1].card);
    cards[1]->next_inbound = targets[0].card;
    ck_assert_int_eq(tha_view_note_request(v.writer, &addr, 5000), 0);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert(tha_view_take_news(v.writer, 5000, &news));
        ck_assert_uint_eq(news.trunk_slot, TRUNK_SLOT(i));
    }
    ck_assert(!tha_view_take_news(v.writer, 5000, &news));
    memcpy(half_of(&v), v.half, sizeof(v.half));
    victim_done(&v);
}
END_TEST

START_TEST(texts_end_even_when_all_their_zeros_are_gone)
{
    static struct victim v;
    struct tha_target_record *target;
    struct tha_event_record *record;
    trunkha_event event = {.size = sizeof(event)};
    trunkha_cursor cursor = {.sequence = 18};
    struct tha_card *card;

    victim_init(&v);
    target = first_of(&v, THA_ARRAY_TARGETS);
    card = (void *)(half_of(&v) + target->card);
    memset((void *)card->texts, 'x', 11 * THA_BLOCK_SIZE); /* a short one */
    read_candidates(v.reader, "RP", false);
    card->form = 77; /* any other than the known ones is read as a long one */
    memset((void *)card->texts, 'x', 24 * THA_BLOCK_SIZE);
    read_candidates(v.reader, "RP", false);
    read_entries(v.reader);
    memcpy(half_of(&v), v.half, sizeof(v.half));

    record = (void *)(v.table + THA_RING_OFFSET);
    memset((char *)record[19 % 16].words + sizeof(uint64_t), 'x', sizeof(record->words) - sizeof(uint64_t));
    ck_assert_int_eq(trunkha_view_next_event(v.reader, &cursor, &event), 0);
    ck_assert_int_eq(event.detail[0], 'x');
    record[19 % 16].words[offsetof(struct tha_stored_event, type) / sizeof(uint64_t)] = TRUNKHA_EVENT_ADDRESS_CHANGE;
    cursor.sequence = 18;
    ck_assert_int_eq(trunkha_view_next_event(v.reader, &cursor, &event), 0);
    ck_assert_int_eq(event.added[0], 'x');
    assert_ends(event.added, sizeof(event.added));
    assert_ends(event.removed, sizeof(event.removed));
    assert_ends(event.entity_id, sizeof(event.entity_id));
    assert_ends(event.detail, sizeof(event.detail));
    victim_done(&v);
}
END_TEST

SUITE("view_corrupt", random_bytes_in_the_catalogue_crash_nobody, random_bytes_in_the_header_crash_nobody,
      random_bytes_in_the_ring_crash_nobody, the_last_places_of_a_half_can_be_referred_to,
      an_order_that_does_not_end_in_the_half_is_no_order, slots_that_do_not_end_in_the_half_are_no_slots,
      sources_that_do_not_end_in_the_half_are_no_sources, a_search_ends_though_no_slot_is_free,
      inbound_trunks_in_a_circle_have_an_end, texts_end_even_when_all_their_zeros_are_gone)
