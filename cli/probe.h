/* Probe: what weir would see of a source.
 *
 * A pipeline of `video`, the decoder and two observers is run; the observers note
 * packets and the first picture into one wr_probe, each its own half of it, and
 * stop the pipeline once they have seen enough. The report reads it after the end.
 */
#ifndef WR_PROBE_H
#define WR_PROBE_H

#include <stdbool.h>
#include <weir/packet.h>
#include <weir/picture.h>
#include <weir/pipeline.h>
#include <weir/source.h>

/* Written by the observer of packets alone, but for `stop`. */
typedef struct wr_probe_packets {
    weir_codec codec; /* without its parameter sets */
    weir_source source;
    uint64_t count, keys, discardable, bytes;
    bool reordered;           /* some are shown before others that came earlier */
    int64_t first_arrived_ns; /* on the clock of the pipeline */
    uint64_t measured_from;   /* which packet, from 1: the times of the first ones of a connection are guesses */
    int64_t first_dts_ns, last_dts_ns, latest_pts_ns; /* first: of the packet measured_from */
    uint64_t last_key;                                /* which one, from 1 */
    int64_t last_key_dts_ns;
    uint64_t intervals, least_interval, most_interval; /* frames from key to key */
    int64_t interval_sum_ns;
} wr_probe_packets;

/* Written by the observer of pictures alone. */
typedef struct wr_probe_pictures {
    uint64_t count;
    uint32_t width, height;
    int64_t first_arrived_ns;
} wr_probe_pictures;

typedef struct wr_probe {
    const char *url; /* as it may be shown */
    weir_pipeline *pipeline;
    int64_t started_ns, limit_ns; /* it looks no longer than that */
    wr_probe_packets packets;
    wr_probe_pictures pictures;
    _Atomic bool picture_seen;
    uint64_t undecoded; /* packets of which no picture came */
    char error[256];    /* why it could not be read, or not to its end; "" */
} wr_probe;

/* Makes the observers known. There is one probe in a process. */
void wr_probe_register(wr_probe *probe);

/* Names of components that observe; options: none. */
#define WR_PROBE_PACKETS  "probe-packets"
#define WR_PROBE_PICTURES "probe-pictures"

/* The caller's to free(). */
char *wr_probe_text(const wr_probe *probe);
char *wr_probe_json(const wr_probe *probe);

#endif
