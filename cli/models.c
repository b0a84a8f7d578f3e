#include "cli.h"

#include "../components/lib/catalogue.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "usage: weir models [NAME or PATH]\n"
    "\n"
    "Lists the models that detect model=NAME finds: what they are, under which licence, where they come from, and\n"
    "whether their file is installed. With a name, or the path of an ONNX file or description: all that its\n"
    "description says.\n"
    "\n"
    "Descriptions NAME.yaml are looked for in the folders of WEIR_MODELS (separated by colons), and where weir is\n"
    "installed. models/README.md says how to describe a model of your own.\n"
    "\n"
    "  --help  this text\n"
    "\n"
    "Exit status: 0 done, 2 there is no such model, or a description is wrong.\n";

enum { HELP = 256, LINE_COLUMNS = 100, INDENT = 13 };

static const struct option long_options[] = {{"help", no_argument, NULL, HELP}, {NULL, 0, NULL, 0}};

/* --- one model --- */

static void print_text(const char *what, const char *text)
{
    if (*text)
        printf("  %-9s  %s\n", what, text);
}

static void print_state(const wr_model *model)
{
    char why[2 * PATH_MAX];
    if (model->installed) {
        print_text("installed", model->path);
        return;
    }
    wr_catalogue_missing(model, why, sizeof why);
    printf("  %-9s  no: %s\n", "installed", why);
}

static void print_model(const wr_model *model)
{
    printf("%s%s%s\n", model->name, model->title[0] ? ": " : "", model->title);
    print_text("licence", model->licence[0] ? model->licence : "not stated");
    if (model->size > 0)
        printf("  %-9s  %.1f MiB\n", "size", model->size / 1048576);
    print_text("from", model->from);
    print_state(model);
}

static void print_colours(const char *what, const double value[3])
{
    if (value[0] == value[1] && value[0] == value[2])
        printf(", %s %g", what, value[0]);
    else
        printf(", %s %g %g %g", what, value[0], value[1], value[2]);
}

static void print_input(const wr_model_input *input)
{
    printf("  %-9s  %ux%u pixels, %s, %s, %s", "input", input->width, input->height,
           input->layout == WR_NCHW ? "planar (nchw)" : "interleaved (nhwc)", input->colour == WR_RGB ? "rgb" : "bgr",
           input->resize == WR_LETTERBOX ? "letterboxed" : "stretched");
    print_colours("scale", input->scale);
    print_colours("mean", input->mean);
    if (input->resize == WR_LETTERBOX)
        printf(", filled with %g", input->pad);
    printf("\n");
}

static void print_labels(const wr_model *model)
{
    int column = printf("  %-9s  %s", "labels", model->label[0]);
    for (uint32_t i = 1; i < model->labels; i++) {
        bool fits = column + (int)strlen(model->label[i]) + 3 <= LINE_COLUMNS;
        column = fits ? column + printf(", ") : printf(",\n%*s", INDENT, "") - 2;
        column += printf("%s", model->label[i]);
    }
    printf("\n");
}

static void print_details(const wr_model *model)
{
    print_model(model);
    if (!model->installed)
        print_text("install", model->install);
    print_text("described", model->description);
    print_text("sha256", model->sha256);
    print_input(&model->input);
    printf("  %-9s  decoder %s%s%s\n", "output", model->decoder[0] ? model->decoder : "recognised by its shape",
           model->output[0] ? ", output " : "", model->output);
    printf("  %-9s  %g\n", "threshold", model->threshold);
    printf("  %-9s  overlap above %g, %s\n", "nms", model->nms_iou,
           model->nms_classes == WR_AGNOSTIC ? "of any class" : "each class by itself");
    print_labels(model);
}

/* --- the commands --- */

typedef struct listing {
    wr_model *model;
    int count;
    int status;
} listing;

static void list_one(const char *path, void *user)
{
    listing *list = user;
    char why[2 * PATH_MAX];
    if (wr_catalogue_find(path, list->model, why, sizeof why) < 0) {
        fprintf(stderr, "weir: %s\n", why);
        list->status = WR_EXIT_REFUSED;
        return;
    }
    if (list->count++)
        printf("\n");
    print_model(list->model);
}

static int print_all(wr_model *model)
{
    listing list = {.model = model, .status = WR_EXIT_DONE};
    wr_catalogue_each(list_one, &list);
    if (!list.count)
        printf("No model is described here; see weir models --help.\n");
    return list.status;
}

static int print_one(const char *name, wr_model *model)
{
    char why[2 * PATH_MAX];
    if (wr_catalogue_find(name, model, why, sizeof why) < 0) {
        fprintf(stderr, "weir: %s\n", why);
        return WR_EXIT_REFUSED;
    }
    print_details(model);
    return WR_EXIT_DONE;
}

int wr_cli_models(int argc, char **argv)
{
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        if (option != 'h' && option != HELP)
            return wr_cli_bad_option(argv[0], argv);
        fputs(help_text, stdout);
        return WR_EXIT_DONE;
    }
    if (argc - optind > 1)
        return wr_cli_misused(argv[0], "there are %d arguments where one name of a model belongs", argc - optind);
    wr_model *model = malloc(sizeof *model);
    if (!model)
        return WR_EXIT_FAILED;
    int status = optind < argc ? print_one(argv[optind], model) : print_all(model);
    free(model);
    return status;
}
