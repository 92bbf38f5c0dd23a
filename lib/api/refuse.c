#include "refuse.h"

#include "base/abi.h"
#include "base/text.h"

int tha_refuse(int err, const char *message, trunkha_diag *reterr_diag)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    tha_text_copy(diag.message, sizeof(diag.message), message);
    if (reterr_diag)
        tha_abi_write(reterr_diag, &diag, sizeof(diag));

    return err;
}

void tha_refuse_for(const trunkha_finding *finding, trunkha_diag *diag)
{
    if (finding->severity != TRUNKHA_SEVERITY_ERROR || diag->message[0])
        return;

    diag->line = finding->line;
    diag->column = finding->column;
    tha_text_copy(diag->pointer, sizeof(diag->pointer), finding->pointer);
    tha_text_print(diag->message, sizeof(diag->message), "%s; %s", finding->message, finding->fix);
}

int tha_refuse_address(const char *address, const char *fault, trunkha_diag *reterr_diag)
{
    char message[sizeof(reterr_diag->message)];

    tha_text_print(message, sizeof(message), "\"%.128s\" %s", address, fault);

    return tha_refuse(TRUNKHA_ERR_INVALID, message, reterr_diag);
}
