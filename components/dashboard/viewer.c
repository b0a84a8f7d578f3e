#include "viewer.h"

#include <stdlib.h>

wr_viewer *wr_viewer_new(unsigned number, uint32_t streams)
{
    wr_viewer *viewer = calloc(1, sizeof *viewer);
    wr_watch *watch = calloc(streams + 1, sizeof *watch);
    if (!viewer || !watch) {
        free(viewer);
        free(watch);
        return NULL;
    }
    *viewer = (wr_viewer){.number = number, .watch = watch, .streams = streams};
    return viewer;
}

void wr_viewer_free(wr_viewer *viewer)
{
    if (!viewer)
        return;
    if (viewer->holds)
        weir_frame_drop(&viewer->held);
    for (unsigned i = 0; i < viewer->count_news; i++)
        wr_notice_drop(viewer->news[(viewer->first_news + i) % WR_NEWS_MOST]);
    free(viewer->watch);
    free(viewer);
}

static wr_notice *oldest_news(wr_viewer *viewer)
{
    wr_notice *notice = viewer->news[viewer->first_news];
    viewer->first_news = (viewer->first_news + 1) % WR_NEWS_MOST;
    viewer->count_news--;
    return notice;
}

void wr_viewer_tell(wr_viewer *viewer, wr_notice *notice)
{
    if (!notice)
        return;
    if (viewer->count_news == WR_NEWS_MOST)
        wr_notice_drop(oldest_news(viewer));
    viewer->behind = true;
    viewer->news[(viewer->first_news + viewer->count_news++) % WR_NEWS_MOST] = notice;
}

/* --- what goes next --- */

/* Results first: they are small, and pictures wait for them. */
static bool take_result(wr_viewer *viewer, weir_frame *frame)
{
    for (uint32_t s = 0; s < viewer->streams; s++)
        for (int i = 0; i < WR_RESULT_INPUTS; i++)
            if (viewer->watch[s].result[i] && weir_tap_take(viewer->watch[s].result[i], frame))
                return true;
    return false;
}

/* Streams in turn. */
static bool take_media(wr_viewer *viewer, weir_frame *frame)
{
    for (uint32_t i = 0; i < viewer->streams; i++) {
        uint32_t s = (viewer->next_stream + i) % viewer->streams;
        if (!viewer->watch[s].media || !weir_tap_take(viewer->watch[s].media, frame))
            continue;
        viewer->next_stream = s + 1;
        return true;
    }
    return false;
}

/* A packet of a codec that the viewer was not told of: that goes first. One of a codec that is gone is let go. */
static bool needs_codec(const wr_viewer *viewer, const wr_stream *stream, const weir_frame *frame, bool *stale)
{
    unsigned codec = wr_message_of(frame).codec;
    *stale = codec && codec != stream[frame->stream].codecs;
    return codec && codec != viewer->watch[frame->stream].codec_told;
}

static bool take_frame(wr_viewer *viewer, const wr_stream *stream, wr_next *next)
{
    bool stale = true;
    while (stale) {
        if (!take_result(viewer, &next->frame) && !take_media(viewer, &next->frame))
            return false;
        bool codec_first = needs_codec(viewer, stream, &next->frame, &stale);
        if (stale) {
            weir_frame_drop(&next->frame);
        } else if (codec_first) {
            viewer->watch[next->frame.stream].codec_told = stream[next->frame.stream].codecs;
            viewer->held = next->frame;
            viewer->holds = viewer->behind = true;
            next->frame.count = 0;
            const char *codec = stream[viewer->held.stream].codec_text;
            next->notice = wr_notice_new(codec ? codec : "{}");
            return next->notice != NULL;
        }
    }
    return true;
}

bool wr_viewer_next(wr_viewer *viewer, const wr_stream *stream, wr_next *next)
{
    *next = (wr_next){0};
    if (viewer->count_news) {
        next->notice = oldest_news(viewer);
        return true;
    }
    if (viewer->holds) {
        next->frame = viewer->held;
        viewer->holds = false;
        return true;
    }
    return take_frame(viewer, stream, next);
}

bool wr_viewer_waits_for(const wr_viewer *viewer, uint32_t stream)
{
    const wr_watch *watch = &viewer->watch[stream];
    bool waits = (watch->media && weir_tap_waiting(watch->media)) || (viewer->holds && viewer->held.stream == stream);
    for (int i = 0; i < WR_RESULT_INPUTS && !waits; i++)
        waits = watch->result[i] && weir_tap_waiting(watch->result[i]);
    return waits;
}

bool wr_viewer_waits(const wr_viewer *viewer)
{
    bool waits = viewer->count_news > 0 || viewer->holds;
    for (uint32_t s = 0; s < viewer->streams && !waits; s++)
        waits = wr_viewer_waits_for(viewer, s);
    return waits;
}
