#include <stdio.h>
#include <unistd.h>

#include <trunkha.h>

static void on_event(const trunkha_event *event, void *user_data)
{
    (void)user_data;
    printf("%s %s: %s\n", trunkha_event_type_name(event->type), event->entity_id, event->detail);
}

int main(int argc, char **argv)
{
    trunkha_options options = {.size = sizeof(options), .event_cb = on_event};
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_engine *engine = NULL;
    trunkha_candidate to;
    size_t count = 1;

    if (argc < 3 || trunkha_engine_new(&options, &engine))
        return 2;
    if (trunkha_engine_load_file(engine, argv[1], &diag) || trunkha_engine_start(engine))
        return fprintf(stderr, "%s:%u:%u: %s\n", diag.file, diag.line, diag.column, diag.message), 1;

    for (int second = 0; second < 5; second++, sleep(1)) /* your program's work: trunkha_engine_fd() fits its poll loop */
        trunkha_engine_dispatch(engine);
    if (!trunkha_route_select(engine, argv[2], &to, &count))
        printf("next call: %s in %s at %s (%s)\n", to.trunk_id, to.trunk_group_id, to.target, trunkha_why_text(to.why));
    trunkha_engine_unref(engine);
}
