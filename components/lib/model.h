/* Model: a detector as its description says it is.
 *
 * The description is a small YAML file beside, or for, an ONNX file: what goes in, how its outputs are read, and what
 * the classes are called. models/README.md explains every key; what is not written has the default given there.
 * A wr_model is flat: it may be copied, and need not be freed.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_LIB_MODEL_H
#define WR_LIB_MODEL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WR_MODEL_LABELS = 2048, WR_MODEL_LABEL_BYTES = 32, WR_MODEL_TEXT_BYTES = 256, WR_MODEL_SIDE_MAX = 4096 };

typedef enum wr_layout { WR_NCHW, WR_NHWC } wr_layout;
typedef enum wr_channels { WR_RGB, WR_BGR } wr_channels;
typedef enum wr_resize { WR_LETTERBOX, WR_STRETCH } wr_resize;
typedef enum wr_rival { WR_EACH, WR_AGNOSTIC } wr_rival;

/* What the model is fed: (pixel - mean) * scale, in the order of its colours. */
typedef struct wr_model_input {
    uint32_t width, height; /* pixels */
    int layout, colour, resize;
    double pad; /* pixel value of what a letterbox leaves free */
    double scale[3], mean[3];
} wr_model_input;

typedef struct wr_model {
    char name[64];
    char title[WR_MODEL_TEXT_BYTES], licence[WR_MODEL_TEXT_BYTES], from[WR_MODEL_TEXT_BYTES];
    char install[WR_MODEL_TEXT_BYTES]; /* the command that brings it; "" if none is known */
    char file[WR_MODEL_TEXT_BYTES];    /* as written; "": the description's name with .onnx */
    char sha256[65];                   /* in lower case; "": any */
    double size;                       /* bytes; 0: unknown */
    wr_model_input input;
    char decoder[32], output[128]; /* "": recognised; the only output */
    double threshold;              /* least score */
    double nms_iou;                /* overlap from which a box gives way to a better one */
    int nms_classes;               /* wr_rival: to which one */
    uint32_t labels;
    char label[WR_MODEL_LABELS][WR_MODEL_LABEL_BYTES];

    char description[PATH_MAX]; /* where it was read */
    char path[PATH_MAX];        /* of the ONNX file: where it is, or else should be */
    bool installed;             /* it is there, in the size described */
} wr_model;

/* Reads a description. `file` is its name in messages. False with one sentence, which begins with file:line:column, if
 * it is none. Paths are left as they are. */
bool wr_model_parse(wr_model *model, const char *text, size_t bytes, const char *file, char *why, size_t why_bytes);
/* Reads the description at that path (at most 1 MiB), whose name, without .yaml, must be the model's. */
bool wr_model_read(wr_model *model, const char *path, char *why, size_t why_bytes);

#endif
