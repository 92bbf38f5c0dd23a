/* Dialogs: what is kept of an answered call until its BYE. */
#include "proxy.h"

#define DIALOG_MS (12 * 3600 * 1000) /* an answered call of which nothing more is heard is forgotten */

static void dialog_free(void *arg)
{
    struct dialog *dialog = arg;

    if (dialog->token)
        trunkha_view_end_call(dialog->proxy->view, dialog->token);
    timer_stop(&dialog->end);
    hash_unlink(&dialog->entry.le);
    dialog->proxy->n_dialogs--;
}

struct dialog *dialog_new(struct proxy *proxy, const struct sip_msg *invite)
{
    struct dialog *dialog = mem_zalloc(sizeof(*dialog), dialog_free);

    if (!dialog)
        return NULL;
    dialog->proxy = proxy;
    dialog->caller = request_source(invite);
    table_enter(proxy->dialogs, &dialog->entry, dialog_id(proxy, invite, &invite->from.tag));
    proxy->n_dialogs++;

    return dialog;
}

static void dialog_over(void *arg)
{
    mem_deref(arg);
}

void dialog_answered(struct dialog *dialog)
{
    mem_ref(dialog);
    timer_start(dialog->proxy, &dialog->end, DIALOG_MS, dialog_over, dialog);
}

void dialog_used(struct dialog *dialog, bool is_bye)
{
    if (!dialog->end.le.list) /* not answered yet */
        return;
    if (is_bye && dialog->token) {
        trunkha_view_end_call(dialog->proxy->view, dialog->token);
        dialog->token = 0;
    }
    timer_start(dialog->proxy, &dialog->end, dialog->token ? DIALOG_MS : END_MS, dialog_over, dialog);
}

void dialog_has_callee(struct dialog *dialog, const struct attempt *attempt)
{
    dialog->callee = attempt->to;
    dialog->cseq_shift = attempt->cseq_shift;
}

struct dialog *dialog_find(struct proxy *proxy, const struct sip_msg *msg, bool *ret_is_of_caller)
{
    struct dialog *dialog = table_find(proxy->dialogs, dialog_id(proxy, msg, &msg->from.tag));

    *ret_is_of_caller = dialog != NULL;

    return dialog ? dialog : table_find(proxy->dialogs, dialog_id(proxy, msg, &msg->to.tag));
}
