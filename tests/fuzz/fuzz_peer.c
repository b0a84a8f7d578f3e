/* Links between processes, where one end has been taken over. Both ends are here and do as they do in earnest, and so does a
 * third that frames are passed on to; what the one that was taken over does is in the input: writes into what is shared, at
 * any place, between two steps of the others or within one, just before the load that finds them. Whatever is written, the
 * others read nothing but what was given to them, come to an end of every step, and have given everything back at the end.
 *
 * The input: three bytes choose stores and policy, then come steps, a byte each with its arguments. See docs/notes/0005-processes.md. */
#include "core/entry.h"
#include "core/link.h"
#include "core/store.h"
#include "peer.h"
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/boxes.h>
#include <weir/packet.h>
#include <weir/picture.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { STORES = 7, SLOTS = 4, KEPT = 4, STREAMS = 3, STEPS_MAX = 300, LOADS_MAX = 1000000, PENDING = 4 };

void wr_peer_must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "peer: %s\n", what);
    abort();
}

/* --- the input --- */

static const uint8_t *input;
static size_t input_left;

uint64_t wr_peer_next(unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && input_left > 0; i++, input_left--)
        value = value << 8 | *input++;
    return value;
}

/* --- the scene --- */

/* A store and its data as others have them mapped. */
typedef struct shelf {
    wr_store *own;
    wr_memory seen;
} shelf;

/* A link, its two ends, and all of its memory as who was taken over sees it. */
typedef struct way {
    wr_link from, to;
    wr_memory peer;
    wr_store *import[STORES];
    wr_bell producer_bell, consumer_bell;
    weir_frame kept[KEPT];
    uint64_t seal[KEPT]; /* of what was copied when it came */
} way;

static shelf shelves[STORES];
static wr_hold_store carried[STORES];
static unsigned stores; /* of these */
static wr_link_config config;
static way first, onward;
static weir_frame last; /* whose attachments the next may share, as frames share a codec */
static int64_t now_ns, number;
static bool touched; /* somebody wrote what was not his, or was killed */
static bool over;

/* What a store carries: item_bytes 0 where they vary. */
typedef struct cargo {
    weir_kind kind;
    size_t item_bytes, data_bytes, least_bytes;
} cargo;

static cargo kinds[STORES];
static const cargo all_kinds[STORES] = {
    {WEIR_KIND_PICTURE, 2240, 0, 2240}, {WEIR_KIND_PACKET, 0, 4096, 192}, {WEIR_KIND_BOXES, 160, 0, 160},
    {WEIR_KIND_CODEC, 0, 1024, 80},     {WEIR_KIND_POINTS, 0, 1024, 8},   {WEIR_KIND_EVENT, 64, 0, 64},
    {WEIR_KINDS_BUILTIN, 64, 0, 64},
};

/* --- writes --- */

/* Of what these load, nobody is told. */
#define UNTOLD __attribute__((no_sanitize("coverage", "address", "undefined")))

typedef struct poke {
    unsigned after; /* loads from what is shared; 0: none waits here */
    uint8_t area, width;
    size_t offset;
    uint64_t value;
} poke;

static poke pending[PENDING];
static unsigned relentless; /* at every load of this step: 1: it offers all that fits, 2: it takes */
static unsigned armed, loads;
static bool watching;

static const wr_memory *area_of(unsigned area)
{
    area %= 2 + stores;
    return area == 0 ? &first.peer : area == 1 ? &onward.peer : &shelves[area - 2].own->data_memory;
}

UNTOLD static void write_there(const poke *p)
{
    const wr_memory *memory = area_of(p->area);
    touched = true;
    size_t width = (size_t)1 << p->width % 4, room = memory->bytes - width;
    memcpy((uint8_t *)memory->data + p->offset % (room + 1), &p->value, width);
}

UNTOLD static bool in(const wr_memory *memory, uintptr_t at)
{
    return memory->data && at - (uintptr_t)memory->data < memory->bytes;
}

UNTOLD static bool is_shared(uintptr_t at)
{
    if (in(&first.from.memory, at) || in(&first.to.memory, at) || in(&onward.from.memory, at) ||
        in(&onward.to.memory, at))
        return true;
    for (unsigned i = 0; i < stores; i++)
        if (in(&shelves[i].seen, at))
            return true;
    return false;
}

UNTOLD static void write_relentlessly(void)
{
    wr_link_shared *shared = first.peer.data;
    touched = true;
    uint64_t head = atomic_load(&shared->head);
    if (relentless & 2 && atomic_load(&shared->tail) > head)
        atomic_store(&shared->head, ++head);
    if (relentless & 1)
        atomic_store(&shared->tail, head + first.from.slots);
}

/* Every load of what is compiled with the coverage of loads comes by here first. */
UNTOLD static void loaded(uintptr_t at)
{
    if (!watching)
        return;
    watching = false;
    if (is_shared(at)) {
        wr_peer_must(++loads < LOADS_MAX, "a step that does not end");
        if (relentless)
            write_relentlessly();
        for (int i = 0; armed > 0 && i < PENDING; i++)
            if (pending[i].after > 0 && --pending[i].after == 0) {
                write_there(&pending[i]);
                armed--;
            }
    }
    watching = true;
}

#define LOADED(name, type)                                                                                             \
    void name(type *at);                                                                                               \
    UNTOLD void name(type *at)                                                                                         \
    {                                                                                                                  \
        loaded((uintptr_t)at);                                                                                         \
    }
LOADED(__sanitizer_cov_load1, uint8_t)
LOADED(__sanitizer_cov_load2, uint16_t)
LOADED(__sanitizer_cov_load4, uint32_t)
LOADED(__sanitizer_cov_load8, uint64_t)
LOADED(__sanitizer_cov_load16, __int128)

static poke next_poke(void)
{
    unsigned where = (unsigned)wr_peer_next(1), how = (unsigned)wr_peer_next(1);
    size_t at = (size_t)wr_peer_next(2);
    poke p = {.area = (uint8_t)(where >> 2), .width = how & 3, .offset = at};
    if (where & 1) { /* what an attachment begins with */
        p.area = (uint8_t)(2 + p.area % stores);
        p.offset = shelves[p.area - 2].own->slot[at >> 8 & (SLOTS - 1)].offset + (at & 127);
    } else if (where & 2) { /* a frame in the ring */
        p.area &= 1;
        p.offset = (size_t)((const uint8_t *)&first.from.slot[at >> 8 & (first.from.slots - 1)] -
                            (const uint8_t *)first.from.shared) +
                   at % sizeof(wr_slot_words);
    }
    p.value = how & 4 ? (uint64_t)(int8_t)wr_peer_next(1) : wr_peer_next(1u << p.width);
    return p;
}

static void arm(void)
{
    poke p = next_poke();
    p.after = (unsigned)wr_peer_next(1) + 1;
    for (int i = 0; i < PENDING; i++)
        if (pending[i].after == 0) {
            pending[i] = p;
            armed++;
            return;
        }
}

/* What a link decides by, and what is near to what stands there: sooner found than by chance. */
static void write_near(void)
{
    wr_link_shared *shared = (wr_peer_next(1) % 4 ? &first : &onward)->peer.data;
    _Atomic uint64_t *const word[] = {
        &shared->head,    &shared->tail,     &shared->key_at,    &shared->producer_turn, &shared->consumer_turn,
        &shared->in_hand, &shared->bytes_in, &shared->bytes_out, &shared->waiting_max,
    };
    _Atomic uint32_t *const flag[] = {
        &shared->ended,   &shared->cut,    &shared->given_up,     &shared->producer_hasty, &shared->consumer_hasty,
        &shared->starved, &shared->died,   &shared->seeing_to,    &shared->seen_to,        &shared->retired,
        &shared->broken,  &shared->bereft, &shared->returned_all,
    };
    enum { WORDS = sizeof word / sizeof *word, FLAGS = sizeof flag / sizeof *flag };
    touched = true;
    unsigned which = (unsigned)wr_peer_next(1) % (WORDS + FLAGS), like = (unsigned)wr_peer_next(1) % (WORDS + 3);
    uint64_t value = like < WORDS ? atomic_load(word[like]) : like == WORDS ? 0 : UINT64_MAX >> (like - WORDS - 1);
    value += (uint64_t)(int8_t)wr_peer_next(1);
    if (which < WORDS)
        atomic_store(word[which], value);
    else
        atomic_store(flag[which - WORDS], (uint32_t)value);
}

/* --- the scene is set up, and cleared away --- */

static void no_ring(wr_bell *bell)
{
    (void)bell;
}

/* Of what is mapped, only what was asked for is anybody's. */
static void fence(const wr_memory *memory, size_t used, bool on)
{
    uint8_t *end = (uint8_t *)memory->data + used;
    if (on)
        __asan_poison_memory_region(end, memory->bytes - used);
    else
        __asan_unpoison_memory_region(end, memory->bytes - used);
}

static void arrive(way *w)
{
    wr_peer_must(wr_link_join(&w->to, &config, w->from.memory.fd), "no link");
    fence(&w->to.memory, wr_link_cost(&config), true);
    w->to.producer_bell = &w->producer_bell;
    w->to.consumer_bell = &w->consumer_bell;
    for (unsigned i = 0; i < stores; i++) {
        wr_hold *hold = &w->to.holds.hold[i];
        w->import[i] = hold->import =
            wr_store_import(carried[i].shared_id, carried[i].kind, SLOTS, &shelves[i].seen, hold->returned);
        wr_peer_must(hold->import != NULL, "no store");
        fence(&hold->import->slot_memory, SLOTS * sizeof(wr_slot), true);
    }
}

static void leave(way *w)
{
    for (unsigned i = 0; i < stores; i++) {
        fence(&w->import[i]->slot_memory, SLOTS * sizeof(wr_slot), false);
        wr_store_free(w->import[i]);
    }
    fence(&w->to.memory, wr_link_cost(&config), false);
    wr_link_close(&w->to);
}

static void open_way(way *w, int place)
{
    memset(w, 0, sizeof *w);
    wr_peer_must(wr_link_open(&w->from, &config), "no link");
    fence(&w->from.memory, wr_link_cost(&config), true);
    wr_peer_must(wr_memory_join(&w->peer, w->from.memory.fd, wr_link_cost(&config), true), "no link");
    w->producer_bell.rung = w->consumer_bell.rung = no_ring;
    w->from.producer_bell = &w->producer_bell;
    w->from.consumer_bell = &w->consumer_bell;
    arrive(w);
    for (unsigned i = 0; i < stores; i++)
        wr_peer_must(wr_store_lend(shelves[i].own, place, w->from.holds.hold[i].given, w->from.holds.hold[i].returned,
                                   &w->from.shared->retired, NULL),
                     "not lent");
}

static void open_shelves(void)
{
    unsigned which = (unsigned)wr_peer_next(1);
    stores = 0;
    for (unsigned i = 0; i < STORES; i++)
        if (which >> i & 1 || (i + 1 == STORES && stores == 0))
            kinds[stores++] = all_kinds[i];
    for (unsigned i = 0; i < stores; i++) {
        wr_store *own = wr_store_new(kinds[i].kind, SLOTS, kinds[i].item_bytes, kinds[i].data_bytes);
        wr_peer_must(own != NULL, "no store");
        own->shared_id = (uint16_t)(i + 1);
        carried[i] = (wr_hold_store){.shared_id = own->shared_id, .kind = own->kind, .slots = SLOTS};
        shelves[i].own = own;
        wr_peer_must(wr_memory_join(&shelves[i].seen, own->data_memory.fd, own->data_memory.bytes, false), "no data");
    }
}

static void choose_config(void)
{
    uint8_t how = (uint8_t)wr_peer_next(1), more = (uint8_t)wr_peer_next(1);
    config = (wr_link_config){.policy = {.take = (weir_take)(how % 4), .depth = (more & 7) + 1u},
                              .packets = how & 8,
                              .bounds = true,
                              .burst = 1 + (how >> 5 & 1),
                              .limit_bytes = how & 64 ? 1500 : 0,
                              .streams = STREAMS,
                              .kinds = UINT64_MAX,
                              .needs = more & 16 ? 1u << kinds[0].kind : 0,
                              .across = true,
                              .store = carried,
                              .stores = stores};
    config.held = config.policy.take == WEIR_EVERY && how & 16; /* such links wait */
    config.waits = config.policy.take == WEIR_EVERY && how & (128 | 16);
    config.policy.max_age_ns = more & 8 ? 50 : 0;
    if (config.policy.depth < config.burst)
        config.policy.depth = config.burst;
}

/* --- the producer --- */

static void attach(weir_frame *frame, unsigned which)
{
    for (unsigned i = 0; i < stores; i++) {
        size_t bytes = kinds[i].item_bytes ? kinds[i].item_bytes : kinds[i].least_bytes + (size_t)number * 37 % 200;
        if (!(which >> i & 1) || !wr_store_take(shelves[i].own, bytes, &frame->refs[frame->count]))
            continue;
        wr_peer_fill(kinds[i].kind, wr_ref_data(&frame->refs[frame->count++]), bytes);
    }
}

static void offer(way *w, weir_frame *frame)
{
    if (wr_link_publish(&w->from, frame, now_ns)) {
        wr_bell_fence();
        wr_link_ring(&w->from);
    }
    weir_frame_drop(frame);
}

static void publish(void)
{
    unsigned which = (unsigned)wr_peer_next(1), how = (unsigned)wr_peer_next(1);
    number++;
    weir_frame frame = {.number = number,
                        .order = how & 1 ? WEIR_NO_ORDER : number,
                        .captured_ns = now_ns,
                        .pts_ns = WEIR_NO_TIME,
                        .utc_ns = WEIR_NO_TIME,
                        .stream = (how >> 4) % STREAMS,
                        .flags = (uint16_t)(how & (WEIR_FRAME_KEY | WEIR_FRAME_DISCARDABLE))};
    wr_link_look_after(&first.from);
    attach(&frame, which);
    if (how & 128)
        weir_frame_merge(&frame, &last);
    weir_frame_drop(&last);
    last = weir_frame_fork(&frame);
    offer(&first, &frame);
}

/* --- the consumer: reads all that it may --- */

static volatile uint8_t sink;

static void read_all(const void *data, size_t bytes)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < bytes; i++)
        sink ^= at[i];
}

/* Within what the owner gave under this reference, as it lies there. */
static void read_there(const way *w, const weir_ref *ref, const void *data, size_t bytes)
{
    weir_ref crossing = wr_ref_crossing(ref);
    const wr_memory *seen = &shelves[crossing.store - 1].seen;
    uintptr_t begin = (uintptr_t)seen->data + (uintptr_t)crossing.generation * WR_STORE_ALIGN, at = (uintptr_t)data;
    wr_peer_must(w->import[crossing.store - 1]->id == ref->store, "a reference to another store");
    wr_peer_must(in(seen, begin) && ref->bytes <= seen->bytes - (begin - (uintptr_t)seen->data),
                 "a reference beyond its store");
    wr_peer_must(at >= begin && at - begin <= ref->bytes && bytes <= ref->bytes - (at - begin),
                 "beyond what was given");
    read_all(data, bytes);
}

static void read_picture(const way *w, const weir_ref *ref, const weir_picture *picture)
{
    wr_peer_must(picture->format == WEIR_I420 && picture->planes == 3 && picture->width && picture->height &&
                     picture->width <= 16384 && picture->height <= 16384,
                 "no picture");
    for (int i = 0; i < 3; i++) {
        uint32_t width = i ? (picture->width + 1) / 2 : picture->width,
                 height = i ? (picture->height + 1) / 2 : picture->height;
        const uint8_t *row = weir_picture_plane(picture, i);
        for (uint32_t y = 0; y < height; y++, row += picture->stride[i])
            read_there(w, ref, row, width + (y + 1 == height ? 64 : 0));
    }
}

static void read_codec(const way *w, const weir_ref *ref, const weir_codec *codec)
{
    wr_peer_must(strnlen(codec->name, sizeof codec->name) < sizeof codec->name, "a name that does not end");
    wr_peer_must(codec->rotation == 0 || codec->rotation == 90 || codec->rotation == 180 || codec->rotation == 270,
                 "no turn");
    read_there(w, ref, weir_codec_extradata(codec), codec->extradata_bytes);
    wr_peer_must(!weir_codec_differs(codec, codec), "differs from itself");
}

static void read_boxes(const weir_frame *frame, size_t bytes)
{
    const weir_boxes *boxes = weir_frame_boxes(frame);
    wr_peer_must(weir_boxes_bytes(boxes->count) <= bytes, "more boxes than fit");
    read_all(boxes, bytes);
    for (uint32_t i = 0; i < boxes->count; i++)
        wr_peer_must(memchr(boxes->box[i].label, 0, WEIR_LABEL_BYTES) != NULL, "a label that does not end");
}

static void read_one(const way *w, weir_frame *frame, unsigned i)
{
    weir_frame alone = {.count = 1, .refs[0] = frame->refs[i]};
    size_t bytes;
    const weir_ref *ref = &frame->refs[i];
    const void *data = weir_frame_find(&alone, ref->kind, &bytes);
    if (ref->kind == WEIR_KIND_PICTURE)
        read_picture(w, ref, data);
    else if (ref->kind == WEIR_KIND_PACKET)
        read_there(w, ref, weir_packet_data(data), (size_t)((const weir_packet *)data)->bytes + WEIR_PACKET_PADDING);
    else if (ref->kind == WEIR_KIND_CODEC)
        read_codec(w, ref, data);
    else if (ref->kind == WEIR_KIND_BOXES)
        read_boxes(&alone, bytes);
    else if (ref->kind == WEIR_KIND_POINTS)
        wr_peer_must(sizeof(weir_points) + weir_frame_points(&alone)->count * sizeof(weir_point) <= bytes,
                     "too many points");
    else if (ref->kind == WEIR_KIND_EVENT)
        read_all(data, bytes);
    else
        read_there(w, ref, data, bytes);
}

static void read_frame(const way *w, weir_frame *frame)
{
    wr_peer_must(frame->stream < STREAMS && frame->count <= WEIR_FRAME_REFS && frame->number > 0, "no frame");
    for (unsigned i = 0; i < frame->count; i++)
        read_one(w, frame, i);
}

/* Of the copies alone: nobody may change them while they are held. */
static uint64_t seal_of(const weir_frame *frame)
{
    uint64_t seal = 0;
    for (unsigned i = 0; i < frame->count; i++) {
        const weir_ref *ref = &frame->refs[i];
        wr_entry entry = wr_entry_of(ref->kind);
        const uint8_t *data = wr_ref_data(ref);
        size_t bytes = entry == WR_ENTRY_HEAD ? sizeof(weir_packet) : entry == WR_ENTRY_WHOLE ? ref->bytes : 0;
        for (size_t k = 0; k < bytes; k++)
            seal = seal * 31 + data[k];
    }
    return seal;
}

static void take(way *w)
{
    weir_frame frame;
    unsigned where = (unsigned)wr_peer_next(1) % KEPT;
    if (wr_link_take(&w->to, &frame, now_ns) != WR_TAKEN)
        return;
    read_frame(w, &frame);
    weir_frame_drop(&w->kept[where]);
    w->kept[where] = frame;
    w->seal[where] = seal_of(&frame);
}

static void discard(way *w)
{
    wr_link_cut(&w->to);
    wr_link_discard(&w->to);
}

static void look_again(way *w)
{
    for (int i = 0; i < KEPT; i++)
        if (w->kept[i].count) {
            read_frame(w, &w->kept[i]);
            wr_peer_must(seal_of(&w->kept[i]) == w->seal[i], "what was copied has changed");
        }
}

static void pass_on(void)
{
    weir_frame frame = weir_frame_fork(&first.kept[wr_peer_next(1) % KEPT]);
    wr_link_look_after(&onward.from);
    if (frame.number > 0)
        offer(&onward, &frame);
}

/* A consumer is killed with what it holds, and another comes. */
static void die(void)
{
    touched = true;
    memset(first.kept, 0, sizeof first.kept);
    leave(&first);
    atomic_fetch_add(&((wr_link_shared *)first.peer.data)->died, 1);
    arrive(&first);
}

/* --- whoever looks at the accounts --- */

static void look_at(way *w)
{
    weir_link_stats stats, sum = {0};
    wr_link_read(&w->from, &stats);
    wr_link_add_up(&sum, &w->to, &stats);
    wr_link_waiting(&w->from);
    wr_link_is_awaited(&w->from);
    wr_link_missing(&w->to);
    wr_link_took_last_of(&w->to, wr_link_accepted(&w->to));
    wr_link_is_left(&w->to);
    wr_link_empty(&w->to);
    wr_link_consumer_is_hasty(&w->from);
    wr_link_producer_is_hasty(&w->to);
}

/* --- steps --- */

static void step(void)
{
    way *w = wr_peer_next(1) % 4 ? &first : &onward;
    switch (wr_peer_next(1) % 22) {
    case 0:
    case 1:
    case 2:
        publish();
        break;
    case 3:
    case 4:
    case 5:
        take(w);
        break;
    case 6:
        wr_link_done(&w->to);
        break;
    case 7:
        wr_link_look_after(&w->from);
        break;
    case 8:
        look_at(w);
        break;
    case 9:
        weir_frame_drop(&w->kept[wr_peer_next(1) % KEPT]);
        break;
    case 10:
        look_again(w);
        break;
    case 11: {
        poke p = next_poke();
        write_there(&p);
        break;
    }
    case 12:
    case 13:
        arm();
        break;
    case 14:
        write_near();
        break;
    case 15:
        wr_link_room(&w->from);
        wr_link_room_now(&w->from);
        wr_link_pass(&w->from, (uint32_t)wr_peer_next(1) % STREAMS, (int64_t)wr_peer_next(8));
        break;
    case 16:
        pass_on();
        break;
    case 17:
        die();
        break;
    case 18:
        if (wr_peer_next(1) % 8 == 0)
            wr_link_cut(&w->to);
        else
            wr_bell_arm(wr_peer_next(1) & 1 ? &w->producer_bell : &w->consumer_bell);
        break;
    case 20:
        relentless = (unsigned)wr_peer_next(1) % 4;
        (wr_peer_next(1) & 1 ? take : discard)(&first);
        relentless = 0;
        break;
    case 21:
        over = wr_peer_next(1) % 8 == 0; /* the rest is for the heir */
        break;
    case 19:
        if (wr_peer_next(1) % 8 == 0)
            wr_link_end(&w->from);
        else
            now_ns += (int64_t)wr_peer_next(1);
        break;
    }
}

/* --- the end --- */

static void give_all_back(way *w)
{
    for (int i = 0; i < KEPT; i++)
        weir_frame_drop(&w->kept[i]);
    for (unsigned i = 0; i < stores; i++)
        wr_peer_must(wr_store_held(w->import[i]) == 0, "something is held that nobody has");
    leave(w);
    atomic_store(&((wr_link_shared *)w->peer.data)->retired, 1);
}

static void close_way(way *w)
{
    fence(&w->from.memory, wr_link_cost(&config), false);
    wr_link_close(&w->from);
    wr_memory_unmap(&w->peer);
}

static void expect_all_free(wr_store *own)
{
    weir_ref ref[SLOTS];
    unsigned count = own->varied ? 1 : SLOTS;
    for (unsigned i = 0; i < count; i++)
        wr_peer_must(wr_store_take(own, own->varied ? own->data_memory.bytes : 1, &ref[i]), "a place is not free");
    for (unsigned i = 0; i < count; i++)
        wr_ref_release(&ref[i]);
}

/* Where nobody was taken over, what nobody holds is free while the links are there. */
static void drain(void)
{
    weir_frame frame;
    for (way *w = &first;; w = &onward) {
        wr_link_done(&w->to);
        while (wr_link_take(&w->to, &frame, now_ns) == WR_TAKEN) {
            weir_frame_drop(&frame);
            wr_link_done(&w->to);
        }
        for (int i = 0; i < KEPT; i++)
            weir_frame_drop(&w->kept[i]);
        if (w == &onward)
            break;
    }
    for (unsigned i = 0; i < stores; i++)
        expect_all_free(shelves[i].own);
}

/* Nobody is left: everything is free. */
static void close_shelf(shelf *s)
{
    expect_all_free(s->own);
    wr_store_free(s->own);
    wr_memory_unmap(&s->seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    input = data;
    input_left = bytes;
    now_ns = 1000;
    number = 0;
    touched = over = false;
    armed = 0;
    memset(pending, 0, sizeof pending);
    open_shelves();
    choose_config();
    open_way(&first, 0);
    open_way(&onward, 1);
    for (int i = 0; i < STEPS_MAX && input_left > 0 && !over; i++) {
        loads = 0;
        watching = true;
        step();
        watching = false;
    }
    look_again(&first);
    weir_frame_drop(&last);
    if (!touched)
        drain();
    give_all_back(&first);
    give_all_back(&onward);
    for (unsigned i = 0; i < stores; i++)
        close_shelf(&shelves[i]);
    close_way(&onward);
    close_way(&first);
    wr_peer_inherit();
    return 0;
}
