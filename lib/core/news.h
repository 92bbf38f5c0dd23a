/** @file news.h  What is reported of a call: the calls' part of the evidence
 *
 *  Whoever has the call writes it, in any thread or process; the engine's thread reads it. */
#ifndef THA_CORE_NEWS_H
#define THA_CORE_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trunkha.h"

enum tha_news_kind {
    THA_NEWS_NONE,
    THA_NEWS_BEGUN,    /**< the call's first attempt goes to this target */
    THA_NEWS_MOVED,    /**< a further attempt goes to this target */
    THA_NEWS_RINGING,  /**< first 18x of an attempt */
    THA_NEWS_ANSWERED, /**< the attempt was answered */
    THA_NEWS_FAILED,   /**< the attempt has ended otherwise */
    THA_NEWS_ENDED,    /**< the call is over, or was refused: `attempt` says how many there were */
    THA_NEWS_HEARD,    /**< no call: a request came from the host of that target, whose trunk is inbound */
};

enum tha_news_flag {
    THA_NEWS_USER = 1,   /**< the callee's side spoke: the trunk works */
    THA_NEWS_SILENT = 2, /**< nothing came back at all */
    THA_NEWS_TRIAL = 4,  /**< the attempt was a trial: see TRUNKHA_WHY_TRIAL */
};

/** What a failure counts. */
#define THA_WEIGHT_SOFT 1U
#define THA_WEIGHT_HARD 2U

/** Its size is a multiple of eight: it is copied by words. */
struct tha_news {
    uint8_t kind;
    uint8_t flags;
    uint8_t weight; /**< FAILED: 0, THA_WEIGHT_SOFT or THA_WEIGHT_HARD */
    uint8_t result; /**< enum trunkha_call_result */
    uint8_t why;    /**< enum trunkha_why, of the choice */
    uint8_t attempt;
    uint16_t code;       /**< SIP; 0 = none */
    uint16_t q850_cause; /**< 0 = none */
    uint16_t reserved;
    uint32_t cool_ms;      /**< FAILED: send nothing there for as long; 0 = no such wish */
    uint32_t trunk_slot;   /**< THA_NONE = the call never had one */
    uint32_t target_slot;  /**< likewise */
    uint64_t started_ms;   /**< CLOCK_MONOTONIC; ENDED: of the call, else of the attempt */
    uint32_t duration_ms;  /**< ENDED: since the answer, else of the attempt so far */
    uint32_t post_dial_ms; /**< ENDED */
    char call_id[TRUNKHA_ID_SIZE];
    char profile_id[TRUNKHA_ID_SIZE];
    char trunk_id[TRUNKHA_ID_SIZE];
    char detail[96]; /**< for people: why this trunk, or the attempts in a line */
};

/** What all of them have: the rest are texts. */
#define THA_NEWS_HEAD offsetof(struct tha_news, call_id)

/** Only those that become events carry texts; in the others they are empty. */
static inline bool tha_news_has_texts(uint32_t kind)
{
    return kind >= THA_NEWS_ANSWERED && kind <= THA_NEWS_ENDED;
}

#endif
