#include "test_view.h"

#define RING 16

static trunkha_view *new_view(void)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, RING, &view), 0);

    return view;
}

static void append(trunkha_view *view, uint64_t from, uint64_t to)
{
    for (uint64_t sequence = from; sequence <= to; sequence++) {
        trunkha_event event = {.size = sizeof(event), .sequence = sequence, .type = TRUNKHA_EVENT_TRUNK_STATE};

        snprintf(event.entity_id, sizeof(event.entity_id), "t%u", (unsigned)sequence);
        tha_view_append_event(view, &event);
    }
}

/** Reads on; the event's number, or 0 at the end. */
static uint64_t next(const trunkha_view *view, trunkha_cursor *cursor, uint32_t *ret_lost)
{
    trunkha_event event = {.size = sizeof(event)};
    char id[TRUNKHA_ID_SIZE];

    if (trunkha_view_next_event(view, cursor, &event))
        return 0;

    snprintf(id, sizeof(id), "t%u", (unsigned)event.sequence);
    ck_assert_str_eq(event.entity_id, id);
    ck_assert_uint_eq(event.sequence, cursor->sequence);
    *ret_lost = event.lost;

    return event.sequence;
}

START_TEST(events_are_read_in_order_and_once)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    ck_assert_uint_eq(next(view, &cursor, &lost), 0);
    append(view, 1, 3);
    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(next(view, &cursor, &lost), i);
        ck_assert_uint_eq(lost, 0);
    }
    ck_assert_uint_eq(next(view, &cursor, &lost), 0);
    append(view, 4, 4);
    ck_assert_uint_eq(next(view, &cursor, &lost), 4);
    fixture_done(view, NULL);
}
END_TEST

static void fill_text(char *text, size_t size, char letter)
{
    memset(text, letter, size - 1);
    text[size - 1] = '\0';
}

/** An event with something in every field that all types have. */
static trunkha_event full_event(uint32_t type)
{
    trunkha_event event = {.size = sizeof(event),
                           .sequence = 1,
                           .timestamp = -2,
                           .started = -3,
                           .type = type,
                           .reason = 4,
                           .last_response = 5,
                           .active_calls = 6};

    fill_text(event.entity_id, sizeof(event.entity_id), 'a');
    fill_text(event.entity_name, sizeof(event.entity_name), 'b');
    fill_text(event.instance_id, sizeof(event.instance_id), 'c');
    fill_text(event.trunk_group_id, sizeof(event.trunk_group_id), 'd');
    fill_text(event.target, sizeof(event.target), 'e');
    fill_text(event.detail, sizeof(event.detail), 'f');

    return event;
}

static trunkha_event full_state_event(uint32_t type)
{
    trunkha_event event = full_event(type);

    event.last_successful_keepalive = -7;
    event.health = 8;
    event.previous_health = 9;
    event.failed_attempts = 10;
    fill_text(event.trunk_id, sizeof(event.trunk_id), 'g');
    fill_text(event.previous_trunk_id, sizeof(event.previous_trunk_id), 'h');

    return event;
}

static trunkha_event full_call_event(uint32_t type)
{
    trunkha_event event = full_event(type);

    event.call_started = -11;
    event.duration_ms = 12;
    event.post_dial_ms = 13;
    event.attempt = 14;
    event.result = 15;
    event.q850_cause = 16;
    event.why = 17;
    fill_text(event.call_id, sizeof(event.call_id), 'i');
    fill_text(event.profile_id, sizeof(event.profile_id), 'j');
    fill_text(event.outbound_route, sizeof(event.outbound_route), 'k');
    memcpy(event.trunk_id, event.entity_id, sizeof(event.trunk_id));

    return event;
}

static void assert_comes_back(trunkha_event event)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    trunkha_event read = {.size = sizeof(read)};

    tha_view_append_event(view, &event);
    ck_assert_int_eq(trunkha_view_next_event(view, &cursor, &read), 0);
    ck_assert_mem_eq(&read, &event, sizeof(event));
    fixture_done(view, NULL);
}

START_TEST(an_event_comes_back_as_it_was_told)
{
    for (uint32_t type = TRUNKHA_EVENT_READY; type <= TRUNKHA_EVENT_PROBE_REJECTED; type++)
        assert_comes_back(full_state_event(type));
    assert_comes_back(full_call_event(TRUNKHA_EVENT_CALL_ATTEMPT));
    assert_comes_back(full_call_event(TRUNKHA_EVENT_CALL_END));
    for (uint32_t type = TRUNKHA_EVENT_NAT_DETECTED; type <= TRUNKHA_EVENT_CERTIFICATE_EXPIRY; type++)
        assert_comes_back(full_state_event(type));
}
END_TEST

/** A change of addresses whose lists have as many letters. */
static trunkha_event address_change(size_t added, size_t removed)
{
    trunkha_event event = full_event(TRUNKHA_EVENT_ADDRESS_CHANGE);

    fill_text(event.added, added + 1, 'l');
    fill_text(event.removed, removed + 1, 'm');

    return event;
}

START_TEST(lists_of_addresses_come_back_as_long_as_they_fit_together)
{
    const size_t room = TRUNKHA_LIST_SIZE - 2;

    assert_comes_back(address_change(0, 0));
    assert_comes_back(address_change(room, 0));
    assert_comes_back(address_change(0, room));
    assert_comes_back(address_change(room / 2, room - room / 2));
}
END_TEST

START_TEST(of_lists_that_are_too_long_the_end_is_missing)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    trunkha_event told = address_change(TRUNKHA_LIST_SIZE - 1, 5), read = {.size = sizeof(read)};

    tha_view_append_event(view, &told);
    ck_assert_int_eq(trunkha_view_next_event(view, &cursor, &read), 0);
    ck_assert_uint_eq(strlen(read.added), TRUNKHA_LIST_SIZE - 2);
    ck_assert_str_eq(read.removed, "");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_events_of_another_instance_begin_a_new_ring)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    trunkha_event event = {.size = sizeof(event), .sequence = 1, .instance_id = "one"}, read = {.size = sizeof(read)};

    for (; event.sequence <= 4; event.sequence++)
        tha_view_append_event(view, &event);
    strcpy(event.instance_id, "two");
    for (; event.sequence <= 6; event.sequence++)
        tha_view_append_event(view, &event);
    for (uint64_t i = 5; i <= 6; i++) {
        ck_assert_int_eq(trunkha_view_next_event(view, &cursor, &read), 0);
        ck_assert_uint_eq(read.sequence, i);
        ck_assert_str_eq(read.instance_id, "two");
    }
    ck_assert_int_eq(trunkha_view_next_event(view, &cursor, &read), TRUNKHA_ERR_END);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_slow_reader_is_told_how_many_it_lost)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    append(view, 1, 2);
    ck_assert_uint_eq(next(view, &cursor, &lost), 1);
    append(view, 3, RING + 1); /* 2 is the oldest kept: nothing is lost yet */
    ck_assert_uint_eq(next(view, &cursor, &lost), 2);
    ck_assert_uint_eq(lost, 0);
    append(view, RING + 2, 3 * RING);
    ck_assert_uint_eq(next(view, &cursor, &lost), 2 * RING + 1);
    ck_assert_uint_eq(lost, 2 * RING - 2);
    ck_assert_uint_eq(next(view, &cursor, &lost), 2 * RING + 2);
    ck_assert_uint_eq(lost, 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_new_reader_begins_with_the_oldest_kept)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    append(view, 1, 5 * RING);
    ck_assert_uint_eq(next(view, &cursor, &lost), 4 * RING + 1);
    ck_assert_uint_eq(lost, 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_writer_that_counts_from_one_again_is_read_from_its_beginning)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    append(view, 1, 10);
    while (next(view, &cursor, &lost))
        ;
    ck_assert_uint_eq(cursor.sequence, 10);
    append(view, 1, 2);
    ck_assert_uint_eq(next(view, &cursor, &lost), 1);
    ck_assert_uint_eq(lost, 0);
    ck_assert_uint_eq(next(view, &cursor, &lost), 2);
    ck_assert_uint_eq(next(view, &cursor, &lost), 0);
    cursor = (trunkha_cursor)TRUNKHA_CURSOR_INIT;
    ck_assert_uint_eq(next(view, &cursor, &lost), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_gap_in_the_sequence_counts_as_lost)
{
    trunkha_view *view = new_view();
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    append(view, 1, 1);
    ck_assert_uint_eq(next(view, &cursor, &lost), 1);
    append(view, 5, 6);
    ck_assert_uint_eq(next(view, &cursor, &lost), 5);
    ck_assert_uint_eq(lost, 3);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_next_writer_of_a_name_goes_on_with_the_ring)
{
    const char *name = fixture_name();
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_view *view = NULL, *reader = NULL;
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, RING, &view), 0);
    ck_assert_int_eq(trunkha_view_open(name, &reader), 0);
    append(view, 1, 3);
    ck_assert_uint_eq(next(reader, &cursor, &lost), 1);
    tha_view_retire(view);
    trunkha_view_unref(view);

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, RING, &view), 0);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.last_sequence, 3);
    append(view, 4, 4);
    for (uint64_t i = 2; i <= 4; i++)
        ck_assert_uint_eq(next(reader, &cursor, &lost), i);
    ck_assert_uint_eq(next(reader, &cursor, &lost), 0);
    trunkha_view_unref(reader);
    fixture_done(view, name);
}
END_TEST

START_TEST(a_writer_with_another_ring_size_begins_with_an_empty_one)
{
    const char *name = fixture_name();
    trunkha_view *view = NULL, *reader = NULL;
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint32_t lost;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, RING, &view), 0);
    ck_assert_int_eq(trunkha_view_open(name, &reader), 0);
    append(view, 1, 3);
    tha_view_retire(view);
    trunkha_view_unref(view);

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, 2 * RING, &view), 0);
    ck_assert_uint_eq(next(reader, &cursor, &lost), 0);
    append(view, 1, 2 * RING);
    ck_assert_uint_eq(next(reader, &cursor, &lost), 1);
    trunkha_view_unref(reader);
    fixture_done(view, name);
}
END_TEST

START_TEST(the_size_of_a_ring_is_checked)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 0, &view), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 3, &view), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 131072, &view), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_null(view);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 65536, &view), 0);
    append(view, 1, 1000);
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_ring", events_are_read_in_order_and_once, an_event_comes_back_as_it_was_told,
      lists_of_addresses_come_back_as_long_as_they_fit_together, of_lists_that_are_too_long_the_end_is_missing,
      the_events_of_another_instance_begin_a_new_ring, a_slow_reader_is_told_how_many_it_lost,
      a_new_reader_begins_with_the_oldest_kept, a_writer_that_counts_from_one_again_is_read_from_its_beginning,
      a_gap_in_the_sequence_counts_as_lost, the_next_writer_of_a_name_goes_on_with_the_ring,
      a_writer_with_another_ring_size_begins_with_an_empty_one, the_size_of_a_ring_is_checked)
