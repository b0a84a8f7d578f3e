/* Link: the bounded way from one node to one other.
 *
 * Frames are offered by wr_link_publish(), wait in `depth` slots, leave by take. One thread offers,
 * one takes, any thread reads the accounts. The shared part holds no pointer and
 * can live in memory that two processes map.
 *
 * The ring. `tail` counts what was accepted and is written by the producer; `head`
 * counts what has left. Slot i holds frame number i modulo the slots. On a link that
 * evicts (latest, newest) both sides advance `head`, by compare-and-swap from h to
 * h + 1: whoever succeeds owns frame h, the consumer to process it, the producer to
 * let it go. The consumer copies the slot before it claims it: the producer writes
 * to that slot again only after it has seen head > h, so a copy that was claimed
 * cannot be torn, and one that was torn cannot be claimed. The producer tries once:
 * it can fail only because the consumer just made room. On other links only the
 * consumer advances `head`.
 *
 * The accounts. Every counter has one writer. Each side brackets what it changes by
 * making its `turn` odd and even again; a reader that sees both turns even and
 * unchanged around its reading has read one instant, in which
 * offered = taken + dropped + waiting.
 *
 * Waking. Each side publishes with a plain release store, the producer tail and the
 * consumer head, and then looks at the other's bell. Between the two lies a fence, or
 * a side that is just falling asleep could be missed; and a fence waits until the
 * other core has let go of what was written, which takes longer than everything else
 * here. So a side that found the other awake many times in a row becomes hasty: it
 * says so, with one last fence, and goes on without. Whoever is about to sleep and
 * finds the other side hasty makes all stores visible itself, wr_barrier(). The first
 * bell that had to be rung ends the haste.
 *
 * Between processes (`across`) the shared part lies in memory that both have mapped, each side keeps its own half of
 * wr_link for itself, and references are exchanged by core/hold.h. Nothing that the other side wrote is believed: where
 * it makes no sense the link is broken, and cut, for good as far as the side goes that found it. The other side may write
 * all of the time: what decides is loaded once, and no call takes longer than a ring full of frames. The producer sees to
 * what a consumer leaves behind that was killed.
 *
 * A frame that was refused marks the next one that is accepted with WEIR_FRAME_GAP;
 * one that left without being taken, the next that is taken.
 */
#ifndef WR_LINK_H
#define WR_LINK_H

#include "core/bell.h"
#include "core/histogram.h"
#include "core/hold.h"
#include "os/memory.h"
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <weir/frame.h>
#include <weir/policy.h>
#include <weir/stats.h>

enum { WR_LINK_LINE = WR_MEMORY_LINE, WR_FRAME_WORDS = sizeof(weir_frame) / 8 };

typedef struct wr_link_config {
    weir_policy policy;         /* depth resolved: at least 1 */
    bool waits;                 /* `every` on a stream that can wait: the producer does not offer to a full link */
    bool packets;               /* let go in whole decodable units */
    bool held;                  /* a frame leaves only when its consumer has finished with it, wr_link_done() */
    bool bounds;                /* a join below wants to know what has passed */
    uint32_t burst;             /* most frames that one call of the producer sends */
    uint32_t streams;           /* streams of the pipeline */
    uint64_t limit_bytes;       /* packets: of data that may wait; 0: no limit */
    uint64_t kinds;             /* attachments that the link carries, a bit each */
    uint64_t needs;             /* across: those that somebody below cannot do without */
    bool shared;                /* in memory that other processes map; always so across */
    bool across;                /* its two sides are in different processes */
    const wr_hold_store *store; /* across: whose attachments it may carry; must stay as long as the link */
    uint32_t stores;
} wr_link_config;

typedef struct wr_slot_words {
    _Atomic uint64_t word[WR_FRAME_WORDS];
} wr_slot_words;

/* Cache lines, by who writes them and how often others look: `tail` and `head` are what the two sides watch of each
 * other, and stand alone, so that bookkeeping does not take them away from a side that is waiting for a change. */
typedef struct wr_link_shared {
    alignas(WR_LINK_LINE) _Atomic uint32_t ended;    /* by the producer: nothing will be offered any more */
    _Atomic uint32_t cut;                            /* by anyone: nobody will take any more */
    _Atomic uint32_t given_up;                       /* by anyone: as if ended, what comes all the same is refused */
    _Atomic uint32_t producer_hasty, consumer_hasty; /* by each: it publishes without fences */
    _Atomic uint32_t starved; /* by the producer: it found no room and sleeps, or will; wants half to be free */

    /* Across. How many consumers have died, by the supervisor, once nothing of the consumer lives; how many of these the
     * producer has seen to, by the producer; that nobody uses what was given any more, by the supervisor; that
     * something made no sense, by whoever found it. */
    _Atomic uint32_t died, seeing_to, seen_to, retired, broken;
    _Atomic uint32_t bereft; /* by the supervisor: the producer died, and another comes by another link */
    _Atomic uint32_t
        not_yet; /* it comes after another, and its consumer still takes from that: no room here till then */
    _Atomic uint32_t returned_all; /* by the consumer's process: it has emptied this link and holds nothing of it */
    _Atomic uint64_t died_with;    /* by the producer: frames that dead consumers had in hand */

    alignas(WR_LINK_LINE) _Atomic uint64_t head;
    _Atomic uint64_t bytes_out; /* packets: by the consumer, of data that has left */

    alignas(WR_LINK_LINE) _Atomic uint64_t tail;
    _Atomic uint64_t key_at; /* packets: 1 + number of the newest key frame in the ring, 0 for none */

    alignas(WR_LINK_LINE) _Atomic uint64_t producer_turn;
    _Atomic uint64_t offered, superseded, overflow, undecodable, refused; /* refused: offered to a cut link */
    _Atomic uint64_t waiting_max, bytes_in;

    alignas(WR_LINK_LINE) _Atomic uint64_t consumer_turn;
    _Atomic uint64_t in_hand; /* held: 1 + number of the frame that was taken and is still in the ring */
    _Atomic uint64_t taken, expired, discarded;
    _Atomic uint64_t jumped, orphaned; /* superseded and undecodable on the consumer's side */
    wr_histogram age, wait;
    alignas(WR_LINK_LINE) unsigned char end[];
    /* then slots, then the passed order of each stream, then what is held of each store */
} wr_link_shared;

typedef struct wr_link {
    wr_link_config config;
    uint64_t slots; /* a power of two, at least depth */
    wr_link_shared *shared;
    wr_slot_words *slot;
    _Atomic int64_t *passed; /* of each stream; by the producer */
    wr_holds holds;          /* across */
    wr_memory memory;
    wr_bell *producer_bell, *consumer_bell;
    bool may_haste;                /* wr_barrier() is there */
    const bool *carries;           /* across, the consumer's: which streams may come by; NULL: all */
    _Atomic bool broken_here;      /* across: found so by this side, whatever the other writes over that */
    alignas(WR_LINK_LINE) struct { /* the producer's own */
        uint64_t head_seen;
        uint32_t awake; /* frames since the consumer had to be rung */
        bool gap;       /* mark the next frame that is accepted */
        bool need_key;  /* packets: refuse everything until a key frame */
        bool to_ring;   /* published; the bell must be looked at again after a fence */
    } producer;
    alignas(WR_LINK_LINE) struct { /* the consumer's own */
        uint64_t tail_seen, next;
        uint32_t awake; /* frames since the producer had to be rung */
        bool gap;
        bool need_key; /* packets: one that others need has expired */
        bool in_hand;  /* held: taken, not done */
        bool foreign;  /* across: the frame at hand came with references that make no sense */
    } consumer;
} wr_link;

typedef enum wr_taken { WR_TAKEN, WR_EMPTY, WR_ENDED } wr_taken;

bool wr_link_open(wr_link *link, const wr_link_config *config);
/* In memory that is there already, wr_link_cost() of it, which is zeroed, and stays the caller's. Not across. */
void wr_link_open_in(wr_link *link, const wr_link_config *config, void *memory);
/* A link that another process has opened, from the descriptor of its memory, which stays the caller's. */
bool wr_link_join(wr_link *link, const wr_link_config *config, int fd);
/* Lets a store know of a link that carries its attachments between two others or from here: its memory is mapped once
 * more, read-only, until the link is retired. `fd` stays the caller's. False with errno. */
bool wr_link_lend(const wr_link_config *config, int fd, uint32_t store, wr_store *owner, int place);
/* Lets go what still waits; the accounts are gone with it. */
void wr_link_close(wr_link *link);
size_t wr_link_cost(const wr_link_config *config);

/* --- the producer --- */

/* A frame will be published, and taken by the same thread: what that touches begins to be fetched. */
void wr_link_expect(const wr_link *link);
/* Offers the frame with those of its attachments that the link carries, each shared with the caller's. Rings a consumer
 * that is asleep, but maybe not one that is just falling asleep: where this says true, wr_bell_fence() and wr_link_ring()
 * must follow, before anything that may take long. One fence serves all links that a producer published to. */
bool wr_link_publish(wr_link *link, const weir_frame *frame, int64_t now_ns);
/* Across, by the supervisor, for a producer that has ended and is not here: what waits is lost with the consumer. */
void wr_link_let_go(wr_link *link);
/* Across: the producer died and another comes by another link, and what this one left has been taken. */
bool wr_link_is_left(const wr_link *link);
/* Across: sees to what a consumer left behind that died. Before each step of the producer. */
void wr_link_look_after(wr_link *link);
/* Nothing where wr_link_publish() did not say so. */
void wr_link_ring(wr_link *link);
/* A link that waits: is there room for what one call may send? Others always have. */
bool wr_link_room_now(wr_link *link);
/* The same for a producer that has armed its bell: if it finds no room here, the consumer rings when half of it is free,
 * and before that there is none. The two sides so wake each other once for many frames. */
bool wr_link_room(wr_link *link);
/* With the bell armed: wr_barrier() must come before the last look for room. */
bool wr_link_consumer_is_hasty(const wr_link *link);
/* Everything of this stream up to that order was offered or never will be. */
void wr_link_pass(wr_link *link, uint32_t stream, int64_t order);
/* Nothing will be offered any more. Never lost, never waits. */
void wr_link_end(wr_link *link);

/* --- the consumer --- */

/* The next frame in turn, the caller's to drop. WR_ENDED once nothing waits and the producer has ended. On a link that
 * was cut nothing is handed over any more: what waits is let go. */
wr_taken wr_link_take(wr_link *link, weir_frame *frame, int64_t now_ns);
/* A link that is `held`: the frame taken last has been dealt with. Nothing on others. */
void wr_link_done(wr_link *link);
bool wr_link_empty(wr_link *link);
/* With the bell armed: wr_barrier() must come before the last look for frames. */
bool wr_link_producer_is_hasty(const wr_link *link);
/* How many frames were accepted so far; and whether the frame taken last was the last of so many. */
uint64_t wr_link_accepted(const wr_link *link);
bool wr_link_took_last_of(const wr_link *link, uint64_t accepted);
/* Across: this link came after another, which is empty now. Its producer may begin. */
void wr_link_come_over(wr_link *link);
/* Lets go all that waits, as lost: the consumer failed or leaves. Cut the link first. */
void wr_link_discard(wr_link *link);

/* --- any thread --- */

void wr_link_cut(wr_link *link);
bool wr_link_is_cut(const wr_link *link);
/* The producer is left behind: for its consumer the link has ended, once it has taken what waits. */
void wr_link_give_up_producer(wr_link *link);
uint64_t wr_link_waiting(const wr_link *link);
/* A link that waits: its producer had no room when it last looked, and has none now. */
bool wr_link_is_awaited(const wr_link *link);
/* Frames that are counted nowhere: of a consumer that was killed between two steps. Only while nobody moves anything. */
uint64_t wr_link_missing(const wr_link *link);
/* Adds the counts of a link to those of one that came in its place. */
void wr_link_add_counts(weir_link_stats *sum, const weir_link_stats *more);
/* Adds to `sum` what a link counted whose two sides are gone, or have gone over to another, and what was counted before it:
 * what is missing or waits is lost. */
void wr_link_add_up(weir_link_stats *sum, const wr_link *link, const weir_link_stats *before);
/* Across or shared, by the supervisor: nobody lives at either end; what waits is let go. */
void wr_link_empty_out(wr_link *link);
/* Fills the counters and spreads of a consistent instant. */
void wr_link_read(const wr_link *link, weir_link_stats *stats);

#endif
