/** @file record_room.h  Lines of a recording, for those files that write them */
#ifndef THA_API_RECORD_ROOM_H
#define THA_API_RECORD_ROOM_H

#include "record.h"
#include "sim/recording.h"

/** The beginning of every line but the first; NULL = nobody records. */
struct tha_json_line *tha_record_begin(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms);

/** The same for an input: the core will be asked what it makes of it. */
struct tha_json_line *tha_record_begin_input(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms);

/** Hands the line over. */
void tha_record_end(trunkha_engine *engine);

/** Zero goes without saying. */
void tha_record_add_number(struct tha_json_line *line, const char *key, uint64_t number);

#endif
