/* Bench: what this machine can do, measured by running pipelines.
 *
 * Each measurement is a pipeline that runs until it is warm and then for a window of `seconds`. What is reported are
 * differences of two accounts, one from the beginning and one from the end of the window, each read just when a frame
 * has come out (bench_measure.c). Which pipelines: bench_runs.c. From the processor time that a frame costs follows how
 * many cameras there can be (bench_cameras.c), and all of it becomes text and JSON (bench_report.c, bench_json.c).
 */
#ifndef WR_BENCH_H
#define WR_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/stats.h>

/* What can be named on the command line; each is one or several runs. */
typedef enum wr_bench_topic {
    WR_BENCH_LINK,
    WR_BENCH_WAKE_UP,
    WR_BENCH_DECODE,
    WR_BENCH_INFERENCE,
    WR_BENCH_JOB,
    WR_BENCH_TOPICS
} wr_bench_topic;

typedef enum wr_bench_run_id {
    WR_RUN_LINK_EVERY,
    WR_RUN_LINK_LATEST,
    WR_RUN_WAKE_UP,
    WR_RUN_DECODE,
    WR_RUN_ONE_THREAD,  /* inference: detect threads=1 */
    WR_RUN_ALL_THREADS, /* detect threads=CORES: one picture, as soon as possible */
    WR_RUN_REPLICAS,    /* detect replicas=CORES threads=1: as many pictures as possible */
    WR_RUN_JOB,         /* video ! decode ! detect replicas=CORES */
    WR_BENCH_RUNS
} wr_bench_run_id;

/* One pipeline, over its window. */
typedef struct wr_bench_run {
    bool done;    /* the rest but `error` is valid */
    bool refused; /* nothing ran; `error` says why */
    double wall_s;
    uint64_t offered, taken; /* of the last link */
    double cpu_s;            /* of the process, without what measuring took */
    double detect_cpu_s;     /* of all detect nodes; only their own threads */
    weir_spread age, wait;   /* of the last link, since the start */
    weir_spread busy;        /* of the detect node, since the start */
    uint64_t rss_peak_bytes; /* of this run, its start included */
    char error[512];         /* one sentence; "" */
} wr_bench_run;

typedef struct wr_bench {
    double seconds, fps, analyse; /* window; of a camera; least frames/s of it to be analysed */
    const char *model, *video;    /* NULL: there is none; then `missing` says what to do */
    uint32_t width, height;       /* of the video's pictures, upright; 1920x1080 if there is no video */
    int cores, replicas;          /* that this process may use; copies of detect that fit into them and into memory */
    double load;                  /* average of the minute before */
    bool wanted[WR_BENCH_TOPICS];
    wr_bench_run run[WR_BENCH_RUNS];
    char missing_video[2 * PATH_MAX], missing_model[2 * PATH_MAX]; /* one sentence; "" */
} wr_bench;

/* --- measuring --- */

/* Runs a pipeline for its window: it is warm when that many frames have come out, and a quarter of `seconds` is over. False: it did not end when told to,
 * and the process should. */
bool wr_bench_measure(const char *line, double seconds, uint64_t warm_frames, wr_bench_run *run);
/* Reads a video up to its first picture. False with a sentence. */
bool wr_bench_look(const char *video, uint32_t *width, uint32_t *height, char *why, size_t why_bytes);
/* Keeps the first sentence, without place and options of a line that the user did not write. */
void wr_bench_keep_error(char *to, size_t bytes, const char *sentence);
/* Ends the measurement under way and refuses others; for signal handlers. */
void wr_bench_interrupt(void);
bool wr_bench_interrupted(void);

/* --- what is measured --- */

const char *wr_bench_topic_name(wr_bench_topic topic);
/* Checks that the model can be used, and sets `replicas`. False with a sentence. */
bool wr_bench_fit(wr_bench *bench, char *why, size_t why_bytes);
/* All that is wanted and possible. False as above. */
bool wr_bench_all(wr_bench *bench);
/* Runs that will be made of this topic: 0 without what it needs. */
int wr_bench_runs(const wr_bench *bench, wr_bench_topic topic);

/* --- how many cameras: arithmetic only --- */

/* A share of the processor stays free: bursts, other programs, what could not be measured. */
#define WR_BENCH_HEADROOM 0.2

typedef struct wr_bench_costs {
    int cores;
    double fps, analyse;
    double decode_s, inference_s; /* of one core, for one frame; 0: unknown */
} wr_bench_costs;

wr_bench_costs wr_bench_costs_of(const wr_bench *bench);
/* Analysed frames/s of each of so many cameras, at most fps; negative: not even decoding fits. */
double wr_bench_analysed(const wr_bench_costs *costs, int cameras);
/* Cores that decoding alone needs for so many cameras, what stays free included. */
double wr_bench_decode_cores(const wr_bench_costs *costs, int cameras);
/* The most cameras each of which is analysed `analyse` times a second (or fps, if that is less); without a model, the
 * most that can be decoded. 0: not one. */
int wr_bench_cameras(const wr_bench_costs *costs);

/* --- reporting; texts are the caller's to free() --- */

/* Processor time of one frame, in seconds, as the process spent it. */
double wr_bench_cpu_s(const wr_bench_run *run);
/* The same of detect nodes alone. */
double wr_bench_detect_s(const wr_bench_run *run);
double wr_bench_rate(uint64_t frames, const wr_bench_run *run);
char *wr_bench_text(const wr_bench *bench);
char *wr_bench_json(const wr_bench *bench);

#endif
