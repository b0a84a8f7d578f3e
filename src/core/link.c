#include "core/link_inside.h"
#include "core/store.h"
#include "os/barrier.h"
#include <string.h>

enum { CLAIMS_MAX = 1024 }; /* that fail one after the other */
enum { HASTY_AFTER = 256 }; /* times in a row that the other side was awake: their fences cost more than a barrier */
enum { IDENTITY_WORDS = offsetof(weir_frame, refs) / 8, REF_WORDS = sizeof(weir_ref) / 8 };
_Static_assert(offsetof(weir_frame, refs) == 64 && sizeof(weir_ref) == 16, "a frame crosses in whole words");

static uint64_t power_of_two(uint64_t least)
{
    uint64_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

size_t wr_link_cost(const wr_link_config *config)
{
    return sizeof(wr_link_shared) + power_of_two(config->policy.depth) * sizeof(wr_slot_words) +
           config->streams * sizeof(int64_t) + wr_holds_bytes(config->store, config->stores);
}

static bool find_parts(wr_link *link)
{
    const wr_link_config *config = &link->config;
    link->shared = link->memory.data;
    link->slot = (wr_slot_words *)(link->shared + 1);
    link->passed = (_Atomic int64_t *)(link->slot + link->slots);
    if (!config->across)
        return true;
    if (wr_holds_open(&link->holds, config->store, config->stores, link->slots, link->passed + config->streams))
        return true;
    wr_memory_unmap(&link->memory);
    link->shared = NULL;
    return false;
}

bool wr_link_open(wr_link *link, const wr_link_config *config)
{
    *link = (wr_link){.config = *config, .slots = power_of_two(config->policy.depth)};
    if (!wr_memory_map(&link->memory, wr_link_cost(config), config->shared || config->across) || !find_parts(link))
        return false;
    link->may_haste = !config->across && wr_barrier_ready(); /* a barrier is for the threads of one process */
    for (uint32_t i = 0; i < config->streams; i++)
        atomic_init(&link->passed[i], INT64_MIN);
    return true;
}

void wr_link_open_in(wr_link *link, const wr_link_config *config, void *memory)
{
    *link =
        (wr_link){.config = *config, .slots = power_of_two(config->policy.depth), .memory = {.data = memory, .fd = -1}};
    memset(memory, 0, wr_link_cost(config));
    find_parts(link);
    link->may_haste = wr_barrier_ready();
}

bool wr_link_join(wr_link *link, const wr_link_config *config, int fd)
{
    *link = (wr_link){.config = *config, .slots = power_of_two(config->policy.depth)};
    if (!wr_memory_join(&link->memory, fd, wr_link_cost(config), true) || !find_parts(link))
        return false;
    link->may_haste = !config->across && wr_barrier_ready();
    link->consumer.next = link->consumer.tail_seen = atomic_load(&link->shared->head);
    link->consumer.gap = atomic_load(&link->shared->died) != 0;
    return true;
}

bool wr_link_lend(const wr_link_config *config, int fd, uint32_t store, wr_store *owner, int place)
{
    wr_link link = {.config = *config, .slots = power_of_two(config->policy.depth)};
    if (!wr_memory_join(&link.memory, fd, wr_link_cost(config), false))
        return false;
    bool good = find_parts(&link);
    const wr_hold *hold = good ? &link.holds.hold[store] : NULL;
    good = good && wr_store_lend(owner, place, hold->given, hold->returned, &link.shared->retired, &link.memory);
    wr_holds_close(&link.holds);
    wr_memory_unmap(&link.memory); /* nothing, if the store has it now */
    return good;
}

/* --- slots --- */

static wr_slot_words *slot_at(const wr_link *link, uint64_t number)
{
    return &link->slot[number & (link->slots - 1)];
}

static void words_write(_Atomic uint64_t *word, const void *from, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        uint64_t one;
        memcpy(&one, (const uint64_t *)from + i, 8);
        atomic_store_explicit(&word[i], one, RELAXED);
    }
}

/* Of the frame's attachments those that the link carries, with a reference more. */
static void slot_write(wr_link *link, uint64_t number, const weir_frame *frame, uint16_t flags, int64_t now_ns)
{
    wr_slot_words *slot = slot_at(link, number);
    wr_put *put = link->config.across ? wr_holds_begin(&link->holds, number) : NULL;
    union {
        weir_frame frame; /* its identity alone is written and read */
        uint64_t word[IDENTITY_WORDS];
    } head;
    memcpy(&head, frame, IDENTITY_WORDS * 8);
    head.frame.offered_ns = now_ns;
    head.frame.flags = flags;
    head.frame.count = 0;
    for (unsigned i = 0; i < frame->count; i++) {
        const weir_ref *ref = &frame->refs[i];
        weir_ref crossing;
        if (!(link->config.kinds >> ref->kind & 1) || (put && !wr_holds_give(&link->holds, put, ref, &crossing)))
            continue;
        if (!put)
            wr_ref_add(ref);
        words_write(&slot->word[IDENTITY_WORDS + REF_WORDS * head.frame.count++], put ? &crossing : ref, REF_WORDS);
    }
    words_write(slot->word, &head, IDENTITY_WORDS);
}

/* May copy a mixture of two frames, if the producer overwrites the slot meanwhile; then the caller's claim fails. */
static void slot_read(wr_slot_words *slot, weir_frame *frame)
{
    uint64_t word[WR_FRAME_WORDS];
    for (unsigned i = 0; i < IDENTITY_WORDS; i++)
        word[i] = atomic_load_explicit(&slot->word[i], RELAXED);
    memcpy(frame, word, IDENTITY_WORDS * 8);
    unsigned refs = frame->count < WEIR_FRAME_REFS ? frame->count : WEIR_FRAME_REFS;
    for (unsigned r = 0; r < refs; r++) {
        for (unsigned i = 0; i < REF_WORDS; i++)
            word[i] = atomic_load_explicit(&slot->word[IDENTITY_WORDS + r * REF_WORDS + i], RELAXED);
        memcpy(&frame->refs[r], word, sizeof(weir_ref));
    }
}

static uint64_t packet_bytes(const wr_link *link, const weir_frame *frame)
{
    if (!link->config.packets)
        return 0;
    for (unsigned i = 0; i < frame->count; i++)
        if (frame->refs[i].kind == WEIR_KIND_PACKET)
            return frame->refs[i].bytes;
    return 0;
}

static bool evicts(const wr_link *link)
{
    return !link->config.packets &&
           (link->config.policy.take == WEIR_LATEST || link->config.policy.take == WEIR_NEWEST);
}

/* --- waking the other side --- */

/* Something was published. True if the bell must be looked at again after a fence: not where this woke the other, which
 * will look at everything before it sleeps again. The last fence of all comes after the haste was announced: whoever did
 * not see it announced had armed the bell before, and will be seen. */
static bool announce(const wr_link *link, bool asleep, wr_bell *bell, uint32_t *awake, _Atomic uint32_t *hasty)
{
    bool was_hasty = link->may_haste && atomic_load_explicit(hasty, RELAXED) != 0;
    if (link->producer_bell == link->consumer_bell)
        return false; /* inline: both are moved by the one who is awake */
    if (asleep && wr_bell_ring(bell)) {
        *awake = 0;
        if (was_hasty)
            atomic_store_explicit(hasty, 0, RELEASE); /* whoever sees this sees all that was published in haste */
        return false;
    }
    if (was_hasty)
        return false;
    if ((*awake)++ == HASTY_AFTER && link->may_haste)
        atomic_store_explicit(hasty, 1, RELAXED);
    return true;
}

static bool is_armed(wr_bell *bell)
{
    return atomic_load_explicit(wr_bell_word(bell), RELAXED) != 0;
}

bool wr_link_producer_is_hasty(const wr_link *link)
{
    return link->may_haste && atomic_load_explicit(&link->shared->producer_hasty, ACQUIRE) != 0;
}

bool wr_link_consumer_is_hasty(const wr_link *link)
{
    return link->may_haste && atomic_load_explicit(&link->shared->starved, RELAXED) != 0 &&
           atomic_load_explicit(&link->shared->consumer_hasty, ACQUIRE) != 0;
}

/* --- the producer --- */

/* Frames that wait, by what the producer knows of head: never less than there are. */
uint64_t wr_link_occupied(wr_link *link, uint64_t tail, uint64_t enough)
{
    if (tail - link->producer.head_seen >= enough) {
        uint64_t head = atomic_load(&link->shared->head);
        if (link->config.across && (head < link->producer.head_seen || head > tail || tail - head > link->slots))
            wr_link_break_off(link);
        else
            link->producer.head_seen = head;
    }
    return tail - link->producer.head_seen;
}

static bool bytes_left(const wr_link *link, uint64_t bytes, unsigned quarters)
{
    uint64_t limit = link->config.limit_bytes;
    if (limit == 0)
        return true;
    uint64_t in = atomic_load_explicit(&link->shared->bytes_in, RELAXED);
    uint64_t out = atomic_load(&link->shared->bytes_out);
    /* One packet may always wait, however large: a link that nothing fits through would never end. */
    return in == out || in - out + bytes <= limit * quarters / 4;
}

/* Lets packets go so that what is left can be decoded: frames that no other needs when it gets tight, then everything
 * up to a key frame. */
static _Atomic uint64_t *packet_refused(wr_link *link, const weir_frame *frame, uint64_t waiting, uint64_t bytes)
{
    wr_link_shared *shared = link->shared;
    uint64_t depth = link->config.policy.depth;
    if (link->producer.need_key && !(frame->flags & WEIR_FRAME_KEY))
        return &shared->undecodable;
    bool waits = link->config.waits;
    bool full = waiting >= depth || (!waits && !bytes_left(link, bytes, 4));
    bool tight = full || (!waits && (waiting >= depth - depth / 4 || !bytes_left(link, bytes, 3)));
    if (tight && frame->flags & WEIR_FRAME_DISCARDABLE)
        return &shared->overflow;
    if (full) {
        link->producer.need_key = true;
        return &shared->overflow;
    }
    link->producer.need_key = false;
    return NULL;
}

/* Makes room by letting the oldest go, which becomes the caller's to drop. */
static bool evict(wr_link *link, weir_frame *oldest)
{
    bool across = link->config.across;
    uint64_t head = link->producer.head_seen, number = head;
    if (!across)
        slot_read(slot_at(link, head), oldest);
    bool ours = atomic_compare_exchange_strong(&link->shared->head, &head, head + 1);
    link->producer.head_seen = ours ? number + 1 : across ? number : head;
    if (!ours)
        oldest->count = 0; /* the consumer has it */
    else if (across)
        wr_holds_take_back(&link->holds, number);
    return ours;
}

static void accept(wr_link *link, const weir_frame *frame, uint64_t tail, uint64_t bytes, int64_t now_ns)
{
    wr_link_shared *shared = link->shared;
    uint16_t flags = link->producer.gap ? frame->flags | WEIR_FRAME_GAP : frame->flags;
    link->producer.gap = false;
    slot_write(link, tail, frame, flags, now_ns);
    if (bytes)
        count(&shared->bytes_in, bytes);
    if (link->config.packets && frame->flags & WEIR_FRAME_KEY)
        atomic_store_explicit(&shared->key_at, tail + 1, RELEASE);
    uint64_t most = atomic_load_explicit(&shared->waiting_max, RELAXED);
    if (tail + 1 - link->producer.head_seen > most && wr_link_occupied(link, tail + 1, 0) > most)
        atomic_store_explicit(&shared->waiting_max, wr_link_occupied(link, tail + 1, UINT64_MAX), RELEASE);
    atomic_store_explicit(&shared->tail, tail + 1, RELEASE);
}

void wr_link_expect(const wr_link *link)
{
    const wr_link_shared *shared = link->shared;
    const char *slot = (const char *)slot_at(link, atomic_load_explicit(&shared->tail, RELAXED));
    __builtin_prefetch(&link->producer, 1);
    __builtin_prefetch(&link->consumer, 1);
    __builtin_prefetch(&shared->ended);
    __builtin_prefetch(&shared->head, 1);
    __builtin_prefetch(&shared->producer_turn, 1);
    __builtin_prefetch(&shared->consumer_turn, 1);
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(slot + WR_LINK_LINE, 1);
}

bool wr_link_publish(wr_link *link, const weir_frame *frame, int64_t now_ns)
{
    wr_link_shared *shared = link->shared;
    weir_frame evicted; /* not cleared: that takes as long as the rest */
    uint64_t tail = atomic_load_explicit(&shared->tail, RELAXED);
    uint64_t bytes = packet_bytes(link, frame);
    evicted.count = 0;

    turn_begins(&shared->producer_turn);
    count(&shared->offered, 1);
    uint64_t waiting = wr_link_occupied(link, tail, link->config.packets ? 0 : link->config.policy.depth);
    _Atomic uint64_t *refusal = NULL;
    if (wr_link_is_cut(link) || atomic_load_explicit(&shared->given_up, RELAXED))
        refusal = &shared->refused;
    else if (link->config.packets)
        refusal = packet_refused(link, frame, waiting, bytes);
    else if (waiting >= link->config.policy.depth && !evicts(link))
        refusal = &shared->overflow;
    else if (waiting >= link->config.policy.depth && evict(link, &evicted))
        count(&shared->superseded, 1);
    if (refusal)
        count(refusal, 1);
    else
        accept(link, frame, tail, bytes, now_ns);
    turn_ends(&shared->producer_turn);

    weir_frame_drop(&evicted);
    link->producer.gap |= refusal != NULL;
    if (refusal)
        return link->producer.to_ring;
    wr_bell *bell = link->consumer_bell;
    link->producer.to_ring |= announce(link, is_armed(bell), bell, &link->producer.awake, &shared->producer_hasty);
    return link->producer.to_ring;
}

void wr_link_ring(wr_link *link)
{
    if (link->producer.to_ring)
        wr_bell_ring(link->consumer_bell);
    link->producer.to_ring = false;
}

static uint64_t room_wanted(const wr_link *link)
{
    uint64_t half = (link->config.policy.depth + 1) / 2;
    return half > link->config.burst ? half : link->config.burst;
}

/* `quarters` of the bytes may be in use. */
static bool has_room(wr_link *link, uint64_t want, unsigned quarters)
{
    uint64_t tail = atomic_load_explicit(&link->shared->tail, RELAXED);
    uint64_t depth = link->config.policy.depth;
    if (link->config.across && atomic_load(&link->shared->not_yet)) /* the stores have room for one of the two */
        return false;
    return wr_link_occupied(link, tail, depth - want + 1) <= depth - want && bytes_left(link, 0, quarters);
}

bool wr_link_room_now(wr_link *link)
{
    if (!link->config.waits || wr_link_is_cut(link))
        return true;
    if (!has_room(link, link->config.burst, 3))
        return false;
    if (atomic_load_explicit(&link->shared->starved, RELAXED) != 0)
        atomic_store_explicit(&link->shared->starved, 0, RELAXED);
    return true;
}

/* The consumer rings only those who are starved: that must be said before the last look, as the bell must be armed. */
static bool starves(wr_link *link)
{
    atomic_store(&link->shared->starved, 1);
    wr_bell_fence();
    if (wr_link_consumer_is_hasty(link))
        wr_barrier();
    return !has_room(link, room_wanted(link), 2);
}

bool wr_link_room(wr_link *link)
{
    if (!link->config.waits || wr_link_is_cut(link))
        return true;
    bool starved = atomic_load_explicit(&link->shared->starved, RELAXED) != 0;
    if (starved ? !has_room(link, room_wanted(link), 2) : !wr_link_room_now(link) && starves(link))
        return false;
    atomic_store_explicit(&link->shared->starved, 0, RELAXED);
    return true;
}

void wr_link_pass(wr_link *link, uint32_t stream, int64_t order)
{
    if (order <= atomic_load_explicit(&link->passed[stream], RELAXED))
        return;
    atomic_store(&link->passed[stream], order);
    wr_bell_ring(link->consumer_bell);
}

void wr_link_end(wr_link *link)
{
    wr_bell *bell = link->consumer_bell;
    atomic_store(&link->shared->ended, 1); /* the producer's last touch */
    wr_bell_ring(bell);
}

/* --- the consumer --- */

void wr_link_come_over(wr_link *link)
{
    atomic_store(&link->shared->not_yet, 0);
    wr_bell_ring(link->producer_bell);
}

static bool claim(wr_link *link, uint64_t head)
{
    if (evicts(link))
        return atomic_compare_exchange_strong(&link->shared->head, &head, head + 1);
    if (!link->config.held)
        move_head(link, head + 1);
    return true;
}

/* A producer that sleeps for other reasons is left alone. */
static bool is_starved(const wr_link *link)
{
    return is_armed(link->producer_bell) && atomic_load_explicit(&link->shared->starved, RELAXED) != 0;
}

static void ring_producer(wr_link *link, uint64_t head)
{
    if (!link->config.waits || link->consumer.tail_seen - head > link->config.policy.depth - room_wanted(link))
        return;
    if (!announce(link, is_starved(link), link->producer_bell, &link->consumer.awake, &link->shared->consumer_hasty))
        return;
    wr_bell_fence();
    if (is_starved(link))
        wr_bell_ring(link->producer_bell);
}

/* Published before the producer is rung: it may sleep until bytes are free. */
static void bytes_leave(wr_link *link, uint64_t bytes)
{
    if (link->config.packets)
        count(&link->shared->bytes_out, bytes);
}

/* Across: head moves forwards only, and what waits is at most a ring full. */
static bool is_head(const wr_link *link, uint64_t head)
{
    uint64_t tail = link->consumer.tail_seen;
    return !link->config.across || (head >= link->consumer.next && (head >= tail || tail - head <= link->slots));
}

/* What waits by that tail is at most a ring full, and less if the producer has let some go since head was read. */
static void see_tail(wr_link *link, uint64_t head)
{
    uint64_t tail = atomic_load(&link->shared->tail);
    if (link->config.across && evicts(link))
        head = atomic_load(&link->shared->head);
    if (link->config.across && (tail < link->consumer.tail_seen || (tail > head && tail - head > link->slots)))
        wr_link_break_off(link);
    else
        link->consumer.tail_seen = tail;
}

/* The number of the frame to take next: on packets with `latest` that is the newest key frame, if one waits. What is
 * jumped over is let go. The key frame is announced before it is published: one that is not published yet does not
 * count, so that head never passes tail. */
static uint64_t jump(wr_link *link, uint64_t head)
{
    if (link->config.policy.take != WEIR_LATEST || !link->config.packets)
        return head;
    uint64_t key_at = atomic_load_explicit(&link->shared->key_at, ACQUIRE);
    if (key_at > link->consumer.tail_seen)
        see_tail(link, head);
    if (key_at > link->consumer.tail_seen)
        return head;
    while (head + 1 < key_at) {
        weir_frame old;
        slot_read(slot_at(link, head), &old);
        if (link->config.across)
            wr_link_receive(link, &old);
        bytes_leave(link, packet_bytes(link, &old));
        move_head(link, ++head);
        count(&link->shared->jumped, 1);
        weir_frame_drop(&old);
    }
    return head;
}

/* There may be more, but others of this strand come first: no producer, however quick, keeps it here. */
static void come_again(wr_link *link)
{
    wr_bell_ring(link->consumer_bell);
}

/* One frame out of the ring; false when there is none. */
static bool leave(wr_link *link, weir_frame *frame, bool may_jump)
{
    for (unsigned tries = 0;; tries++) {
        uint64_t head = atomic_load(&link->shared->head);
        if (!is_head(link, head)) {
            wr_link_break_off(link);
            return false;
        }
        if (tries == CLAIMS_MAX) {
            come_again(link);
            return false;
        }
        if (head >= link->consumer.tail_seen) {
            see_tail(link, head);
            if (head >= link->consumer.tail_seen)
                return false;
        }
        if (may_jump)
            head = jump(link, head);
        slot_read(slot_at(link, head), frame);
        if (!claim(link, head))
            continue;
        if (link->config.across)
            wr_link_receive(link, frame);
        if (head + 1 < link->consumer.tail_seen)
            __builtin_prefetch(slot_at(link, head + 1)); /* comes from the other core while this frame is dealt with */
        if (head != link->consumer.next || link->consumer.gap)
            frame->flags |= WEIR_FRAME_GAP;
        link->consumer.gap = false;
        link->consumer.next = head + 1;
        return true;
    }
}

static bool expired(const wr_link *link, const weir_frame *frame, int64_t now_ns)
{
    int64_t most = link->config.policy.max_age_ns;
    return most > 0 && now_ns - frame->captured_ns > most;
}

/* Where a frame is counted that is let go instead of handed over; NULL to hand it over. A packet that others need takes
 * them with it, up to a key frame. */
static _Atomic uint64_t *too_late(wr_link *link, const weir_frame *frame, int64_t now_ns)
{
    if (link->consumer.foreign) {
        link->consumer.foreign = false;
        return &link->shared->discarded;
    }
    bool late = expired(link, frame, now_ns);
    if (link->consumer.need_key && !(frame->flags & WEIR_FRAME_KEY))
        return &link->shared->orphaned;
    link->consumer.need_key = late && link->config.packets && !(frame->flags & WEIR_FRAME_DISCARDABLE);
    return late ? &link->shared->expired : NULL;
}

/* A consumer before this one died, and the producer has not yet seen to what it left. */
static bool is_between_consumers(const wr_link *link)
{
    return link->config.across && atomic_load(&link->shared->died) != atomic_load(&link->shared->seen_to);
}

wr_taken wr_link_take(wr_link *link, weir_frame *frame, int64_t now_ns)
{
    wr_link_shared *shared = link->shared;
    uint32_t ended = atomic_load(&shared->ended) | atomic_load(&shared->given_up);
    if (is_between_consumers(link))
        return WR_EMPTY;
    if (wr_link_is_cut(link)) {
        wr_link_discard(link);
        return ended ? WR_ENDED : WR_EMPTY;
    }
    for (uint64_t let_go = 0;; let_go++) {
        turn_begins(&shared->consumer_turn);
        bool any = leave(link, frame, true);
        _Atomic uint64_t *late = any ? too_late(link, frame, now_ns) : NULL;
        if (any)
            bytes_leave(link, packet_bytes(link, frame));
        if (any && (late || !link->config.held))
            count(late ? late : &shared->taken, 1);
        if (late && link->config.held)
            move_head(link, link->consumer.next);
        turn_ends(&shared->consumer_turn);
        if (!any) {
            frame->count = 0; /* may hold half a frame that was not claimed */
            return ended ? WR_ENDED : WR_EMPTY;
        }
        if (!late)
            break;
        link->consumer.gap = true;
        weir_frame_drop(frame);
        ring_producer(link, link->consumer.next);
        if (wr_link_is_cut(link)) {
            wr_link_discard(link);
            return ended ? WR_ENDED : WR_EMPTY;
        }
        if (let_go == link->slots) {
            come_again(link);
            return WR_EMPTY;
        }
    }
    wr_histogram_add(&shared->age, now_ns - frame->captured_ns);
    wr_histogram_add(&shared->wait, now_ns - frame->offered_ns);
    link->consumer.in_hand = link->config.held;
    if (link->config.held)
        atomic_store_explicit(&shared->in_hand, link->consumer.next, RELEASE);
    else
        ring_producer(link, link->consumer.next);
    return WR_TAKEN;
}

void wr_link_done(wr_link *link)
{
    if (!link->consumer.in_hand)
        return;
    link->consumer.in_hand = false;
    turn_begins(&link->shared->consumer_turn);
    move_head(link, link->consumer.next);
    count(&link->shared->taken, 1);
    turn_ends(&link->shared->consumer_turn);
    ring_producer(link, link->consumer.next);
}

bool wr_link_empty(wr_link *link)
{
    return atomic_load(&link->shared->head) >= atomic_load(&link->shared->tail);
}

uint64_t wr_link_accepted(const wr_link *link)
{
    return atomic_load(&link->shared->tail);
}

bool wr_link_took_last_of(const wr_link *link, uint64_t accepted)
{
    return link->consumer.next >= accepted;
}

void wr_link_discard(wr_link *link)
{
    weir_frame frame;
    if (is_between_consumers(link))
        return;
    wr_link_done(link);
    for (uint64_t let_go = 0; let_go <= link->slots; let_go++) { /* who offers to a cut link offers one at most */
        turn_begins(&link->shared->consumer_turn);
        bool any = leave(link, &frame, false);
        if (any) {
            count(&link->shared->discarded, 1);
            if (link->config.held)
                move_head(link, link->consumer.next);
        }
        turn_ends(&link->shared->consumer_turn);
        if (!any)
            return;
        weir_frame_drop(&frame);
    }
}

void wr_link_close(wr_link *link)
{
    if (!link->shared)
        return;
    if (!link->config.shared && !link->config.across)
        wr_link_discard(link); /* else those who have them see to it */
    wr_holds_close(&link->holds);
    wr_memory_unmap(&link->memory);
    link->shared = NULL;
}

/* --- any thread --- */

void wr_link_cut(wr_link *link)
{
    atomic_store(&link->shared->cut, 1);
    wr_bell_ring(link->producer_bell);
    wr_bell_ring(link->consumer_bell);
}

void wr_link_give_up_producer(wr_link *link)
{
    atomic_store(&link->shared->given_up, 1);
    wr_bell_ring(link->consumer_bell);
}

bool wr_link_is_cut(const wr_link *link)
{
    return atomic_load(&link->shared->cut) != 0 || atomic_load_explicit(&link->broken_here, RELAXED);
}

uint64_t wr_link_waiting(const wr_link *link)
{
    uint64_t head = atomic_load(&link->shared->head); /* first: it never passes tail */
    return atomic_load(&link->shared->tail) - head;
}

bool wr_link_is_awaited(const wr_link *link)
{
    const wr_link_shared *shared = link->shared;
    if (!link->config.waits || !atomic_load_explicit(&shared->starved, RELAXED) || wr_link_is_cut(link) ||
        atomic_load(&shared->ended))
        return false;
    return wr_link_waiting(link) > link->config.policy.depth - room_wanted(link) || !bytes_left(link, 0, 2);
}
