/* Pipeline, inside: what the command needs beside <weir/pipeline.h>. */
#ifndef WR_PIPELINE_H
#define WR_PIPELINE_H

#include "core/description.h"
#include <weir/pipeline.h>

/* To be filled before check or run. */
wr_description *wr_pipeline_description(weir_pipeline *pipeline);
/* What check or run found. */
wr_problems *wr_pipeline_problems(weir_pipeline *pipeline);
/* After a good check: the memory bound in words, verbose: line by line. The caller frees it. */
char *wr_pipeline_memory_text(weir_pipeline *pipeline, bool verbose);
/* The runner given on the command line: goes before what nodes name. */
weir_status wr_pipeline_force_runner(weir_pipeline *pipeline, const char *runner);

struct wr_supervisor;
struct wr_supervisor *wr_pipeline_supervisor(weir_pipeline *pipeline);
const char *wr_pipeline_name(const weir_pipeline *pipeline);

#endif
