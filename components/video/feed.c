#include "feed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

/* A connection that lasted at least that long was a good one: the next outage begins with short pauses again. */
static const int64_t good_ns = 10 * INT64_C(1000000000);

typedef struct outage {
    int64_t began_ns; /* 0: none */
    int64_t over_ns;  /* when the one before was over */
    unsigned tries;
} outage;

static int64_t utc_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * second_ns + now.tv_nsec;
}

/* The camera's own wall clock where its reports tell (RTCP), else ours at arrival. */
static int64_t utc_of(const wr_reader *reader, const AVPacket *packet)
{
    size_t bytes = 0;
    const AVProducerReferenceTime *told =
        (const AVProducerReferenceTime *)av_packet_get_side_data(packet, AV_PKT_DATA_PRFT, &bytes);
    if (told && bytes >= sizeof *told)
        return told->wallclock * 1000;
    int64_t start_us = reader->format->start_time_realtime;
    if (start_us > 0 && start_us != AV_NOPTS_VALUE && packet->pts != AV_NOPTS_VALUE)
        return start_us * 1000 + wr_reader_ns(reader, packet->pts);
    return utc_now_ns();
}

static void forget(wr_arrival *arrival)
{
    av_packet_free(&arrival->packet);
    free(arrival->codec);
}

/* Returns false, and forgets it, when there is no room. */
static bool put(wr_feed *feed, wr_arrival *arrival)
{
    size_t bytes = (size_t)arrival->packet->size;
    pthread_mutex_lock(&feed->lock);
    bool room = feed->count < WR_FEED_ITEMS && feed->bytes + bytes <= WR_FEED_BYTES;
    if (room) {
        feed->item[(feed->first + feed->count++) % WR_FEED_ITEMS] = *arrival;
        feed->bytes += bytes;
    }
    pthread_mutex_unlock(&feed->lock);
    if (!room)
        forget(arrival);
    return room;
}

bool wr_feed_take(wr_feed *feed, wr_arrival *arrival, bool *over)
{
    pthread_mutex_lock(&feed->lock);
    bool any = feed->count > 0;
    if (any) {
        *arrival = feed->item[feed->first];
        feed->first = (feed->first + 1) % WR_FEED_ITEMS;
        feed->count--;
        feed->bytes -= (size_t)arrival->packet->size;
    }
    *over = feed->over;
    pthread_mutex_unlock(&feed->lock);
    return any;
}

static weir_codec *codec_of(const wr_reader *reader)
{
    weir_codec *codec = malloc(wr_reader_codec_bytes(reader));
    if (codec)
        wr_reader_codec(reader, codec);
    return codec;
}

static void say_it_is_back(wr_feed *feed, outage *away, int64_t now_ns)
{
    if (!away->began_ns)
        return;
    weir_note(feed->node, WEIR_LOG_INFO, "it is back, after %.1f s", (double)(now_ns - away->began_ns) / 1e9);
    away->began_ns = 0;
    away->over_ns = now_ns;
}

static void stamp(wr_feed *feed, wr_reader *reader, wr_arrival *arrival)
{
    const AVPacket *packet = arrival->packet;
    arrival->arrived_ns = weir_now(feed->node);
    arrival->utc_ns = utc_of(reader, packet);
    arrival->pts_ns = wr_reader_ns(reader, packet->pts);
    arrival->dts_ns = wr_reader_ns(reader, packet->dts);
    arrival->duration_ns = packet->duration > 0 ? wr_reader_ns(reader, packet->duration) : 0;
    arrival->untimed = wr_reader_untimed(reader, packet);
    arrival->kind = wr_reader_look(reader, packet);
}

/* Reads until the connection ends. What could not be kept leaves a gap up to the next key frame. */
static weir_status read_all(wr_feed *feed, wr_reader *reader, outage *away)
{
    bool first = true, gap = false, codec_due = true;
    for (;;) {
        wr_arrival arrival = {.packet = av_packet_alloc(), .gap = gap};
        weir_status status = arrival.packet ? wr_reader_next(reader, arrival.packet) : WEIR_NO_MEMORY;
        if (status != WEIR_OK) {
            av_packet_free(&arrival.packet);
            return status;
        }
        stamp(feed, reader, &arrival);
        say_it_is_back(feed, away, arrival.arrived_ns);
        codec_due |= reader->codec_changed;
        if (gap && !arrival.kind.key) {
            forget(&arrival);
            weir_count_lost(feed->node, 1);
            continue;
        }
        arrival.codec = codec_due ? codec_of(reader) : NULL;
        if (arrival.codec)
            wr_reader_source(reader, &arrival.source);
        arrival.reopened = first && feed->connected;
        gap = !put(feed, &arrival);
        weir_count_lost(feed->node, gap);
        if (!gap) {
            codec_due = first = false;
            feed->connected = true;
        }
        weir_wake(feed->node);
    }
}

static void pause_before_retry(wr_feed *feed, unsigned tries)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    double chance = (double)(until.tv_nsec / 1000 % 1000) / 1000;
    int64_t ns = until.tv_nsec + (int64_t)((tries <= 25 ? 1.2 : 6.0) * (1 + chance / 5) * 1e9);
    until.tv_sec += ns / second_ns;
    until.tv_nsec = ns % second_ns;
    pthread_mutex_lock(&feed->lock);
    while (!atomic_load(&feed->stop) && pthread_cond_timedwait(&feed->stopped, &feed->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&feed->lock);
}

static void say_outage(wr_feed *feed, outage *away, const char *why)
{
    if (away->over_ns && weir_now(feed->node) - away->over_ns > good_ns)
        away->tries = 0;
    away->over_ns = 0;
    away->tries++;
    if (away->began_ns || atomic_load(&feed->stop))
        return;
    away->began_ns = weir_now(feed->node);
    weir_error(feed->node, "cannot read %s: %s; trying again until it answers", feed->url, why);
}

static void *feed_main(void *user)
{
    wr_feed *feed = user;
    outage away = {0};
    weir_status status = WEIR_OK;
    char why[256] = "";
    bool finite = false;
    while (!atomic_load(&feed->stop)) {
        wr_reader reader = {.timeout_ns = feed->timeout_ns, .stop = &feed->stop};
        status = wr_reader_open(&reader, feed->url, feed->transport);
        if (status == WEIR_OK) {
            finite = wr_reader_is_finite(&reader);
            status = read_all(feed, &reader, &away);
            wr_reader_close(&reader);
        }
        snprintf(why, sizeof why, "%s", status == WEIR_END ? "the stream ended" : reader.why);
        if (!feed->retry || (status == WEIR_END && finite) || status == WEIR_UNSUPPORTED)
            break;
        say_outage(feed, &away, why);
        pause_before_retry(feed, away.tries);
    }
    pthread_mutex_lock(&feed->lock);
    feed->over = true;
    feed->status = status;
    memcpy(feed->why, why, sizeof feed->why);
    pthread_mutex_unlock(&feed->lock);
    weir_wake(feed->node);
    return NULL;
}

weir_status wr_feed_start(wr_feed *feed)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    feed->started = pthread_create(&feed->thread, NULL, feed_main, feed) == 0;
    return feed->started ? WEIR_OK : WEIR_NO_MEMORY;
}

void wr_feed_stop(wr_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    atomic_store(&feed->stop, true);
    pthread_cond_broadcast(&feed->stopped);
    pthread_mutex_unlock(&feed->lock);
}

void wr_feed_join(wr_feed *feed)
{
    wr_arrival arrival;
    bool over;
    wr_feed_stop(feed);
    if (feed->started)
        pthread_join(feed->thread, NULL);
    while (wr_feed_take(feed, &arrival, &over)) {
        forget(&arrival);
        weir_count_lost(feed->node, 1);
    }
    pthread_mutex_destroy(&feed->lock);
    pthread_cond_destroy(&feed->stopped);
}
