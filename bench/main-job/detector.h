/* Detector: one model of the centernet kind on ONNX Runtime, for programs that are written by hand.
 *
 * A picture becomes the model's input by detector_fit(), the input becomes objects by detector_find(), and these a line
 * of JSON by detector_print(). The conversion and the choice among candidates are the code that weir's component detect is
 * made of, so that all contenders do the same work; ONNX Runtime is called here anew, as any program would.
 * Failure ends the program with a sentence.
 * Thread-safety: detector_fit() any thread; the rest one thread at a time.
 */
#ifndef BENCH_DETECTOR_H
#define BENCH_DETECTOR_H

#include "../../components/detect/fit.h"
#include <stdio.h>

typedef struct detector detector;

/* A model's description and its ONNX file. The library is that which WEIR_ONNXRUNTIME names. */
detector *detector_new(const char *description, const char *model);
void detector_free(detector *self);

/* A new buffer that an input fits into, room to work in included; the caller's to free(). */
void *detector_input_new(const detector *self);
void detector_fit(const detector *self, const weir_picture *picture, void *input);
/* Runs the model: rows of six numbers (corners, score, class), valid until the next run. */
const float *detector_run(detector *self, const float *input, int64_t *rows);
/* Runs it and keeps what was found in a picture of that size; returns how many. */
size_t detector_find(detector *self, const float *input, uint32_t width, uint32_t height);
/* Prints what was found last, and passes the line on at once. */
void detector_print(const detector *self, int64_t frame, FILE *to);

/* Says why and ends the program. */
_Noreturn void give_up(const char *why);

#endif
