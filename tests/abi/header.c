/* The public header alone, as C99; every exported function can be named. */
#include <trunkha.h>

int main(void)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_stats stats = TRUNKHA_STATS_INIT;
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_probe_options probe = TRUNKHA_PROBE_OPTIONS_INIT;
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;

    if (options.size != sizeof(options) || diag.size != sizeof(diag) || stats.size != sizeof(stats) ||
        info.size != sizeof(info) || probe.size != sizeof(probe) || result.size != sizeof(result))
        return 1;
    if (sizeof(trunkha_candidate) != 448)
        return 2; /* fixed for ever */

    return trunkha_version()[0] ? 0 : 3;
}
