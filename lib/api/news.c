/* What calls report, from any thread or process, on its way into the core. */
#include <sys/eventfd.h>

#include "engine.h"
#include "view/calls.h"

/** When there were no reports for so long, the engine sleeps until one wakes it, or until its next heartbeat. */
#define QUIET_AFTER_MS 1000U

/** What one turn of the loop takes, so that the sockets have theirs. */
#define TAKEN_MAX 1024U

/** Places of the list of running calls that one heartbeat looks at for calls that were forgotten. */
#define REAPED_MAX 8192U

/** And how many such one heartbeat ends. */
#define FORGOTTEN_MAX 4096U

/** 403 to a call is worth a warning; a carrier that says so to all is not worth more than this. */
#define WARN_EVERY_MS 60000U

int tha_engine_hang_doorbell(trunkha_engine *engine)
{
    engine->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (engine->news_fd < 0)
        return TRUNKHA_ERR_SYSTEM;

    tha_view_set_doorbell(engine->view, engine->news_fd);

    return 0;
}

void tha_engine_take_doorbell_down(trunkha_engine *engine)
{
    if (engine->news_fd < 0)
        return;

    tha_view_set_doorbell(engine->view, -1); /* the view may outlive the engine */
    close(engine->news_fd);
}

static void count(trunkha_engine *engine, const struct tha_news *news)
{
    trunkha_stats *stats = &engine->call_stats;

    stats->calls_begun += news->kind == THA_NEWS_BEGUN;
    stats->calls_answered += news->kind == THA_NEWS_ANSWERED;
    stats->call_attempts += news->kind == THA_NEWS_ANSWERED || news->kind == THA_NEWS_FAILED;
    stats->calls_forgotten += news->kind == THA_NEWS_ENDED && news->result == TRUNKHA_CALL_FORGOTTEN;
}

static void warn(trunkha_engine *engine, const struct tha_news *news, uint64_t now_ms)
{
    if (news->code != 403 || !news->weight || now_ms < engine->next_warning_ms)
        return;

    engine->next_warning_ms = now_ms + WARN_EVERY_MS;
    tha_log_print(&engine->log, TRUNKHA_LOG_WARNING,
                  "%s answers calls with 403: look at its balance, its list of allowed addresses, and the caller's number",
                  news->trunk_id);
}

static void take(trunkha_engine *engine, const struct tha_news *news, uint64_t now_ms)
{
    uint32_t active_calls = tha_view_active_calls(engine->view, news->trunk_slot);

    count(engine, news);
    warn(engine, news, now_ms);
    tha_record_call(engine, news, active_calls, now_ms);
    tha_core_take_news(engine->core, news, active_calls, now_ms);
}

void tha_engine_take_news(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms();
    struct tha_news news;
    uint32_t n = 0;

    while (n < TAKEN_MAX && tha_view_take_news(engine->view, now_ms, &news)) {
        take(engine, &news, now_ms);
        n++;
    }

    if (n)
        engine->last_news_ms = now_ms;
    if (n == TAKEN_MAX)
        engine->next_news_ms = now_ms;
    else if (now_ms < engine->last_news_ms + QUIET_AFTER_MS || !tha_view_await_news(engine->view))
        engine->next_news_ms = now_ms + THA_VIEW_LOOK_MS;
    else
        engine->next_news_ms = THA_NEVER;
}

/** The engine ends what nobody else ends any more. */
static void end_forgotten(trunkha_engine *engine, const struct tha_view_call *call, uint64_t now_ms)
{
    struct tha_news news;

    if (call->trunk_slot != THA_NONE)
        tha_view_leave(engine->view, call->trunk_slot);
    tha_view_make_end_news(call, TRUNKHA_CALL_FORGOTTEN, now_ms, &news);
    take(engine, &news, now_ms);
}

void tha_engine_end_forgotten_calls(trunkha_engine *engine, uint64_t now_ms)
{
    struct tha_view_call call;

    for (uint32_t n = 0; n < FORGOTTEN_MAX && tha_view_reap_call(engine->view, REAPED_MAX, now_ms, &call); n++)
        end_forgotten(engine, &call, now_ms);
}

void tha_engine_get_call_stats(const trunkha_engine *engine, trunkha_stats *stats)
{
    stats->calls_begun = engine->call_stats.calls_begun;
    stats->calls_answered = engine->call_stats.calls_answered;
    stats->call_attempts = engine->call_stats.call_attempts;
    stats->calls_forgotten = engine->call_stats.calls_forgotten;
    stats->call_reports_lost = tha_view_lost_news(engine->view);
}
