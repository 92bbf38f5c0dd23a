/* minimal FILE PROFILE [SECONDS]: embeds trunkha.  cc minimal.c $(pkg-config --cflags --libs trunkha) */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <trunkha.h>

static void on_event(const trunkha_event *event, void *user_data)
{
    (void)user_data;
    printf("%s %s: %s\n", trunkha_event_type_name(event->type), event->entity_id, event->detail);
}

int main(int argc, char **argv)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_engine *engine = NULL;
    trunkha_candidate next;

    options.event_cb = on_event;
    if (argc < 3 || trunkha_engine_new(&options, &engine))
        return 2;
    if (trunkha_engine_load_file(engine, argv[1], &diag) || trunkha_engine_start(engine)) {
        fprintf(stderr, "%s:%u:%u: %s\n", argv[1], diag.line, diag.column, diag.message);
        trunkha_engine_unref(engine);
        return 1;
    }
    for (int left = argc > 3 ? atoi(argv[3]) : 10; left > 0; left--) {
        size_t count = 1;

        sleep(1); /* your program's work */
        trunkha_engine_dispatch(engine);
        if (!trunkha_route_select(engine, argv[2], &next, &count))
            printf("next call: %s at %s (%s)\n", next.trunk_id, next.target, trunkha_why_text(next.why));
    }
    trunkha_engine_unref(engine);

    return 0;
}
