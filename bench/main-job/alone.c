/* Each half of the work by itself: `alone decode FILM`, and `alone infer FILM DESCRIPTION MODEL`, which runs the model
 * on the film's first picture as often as there are frames. A line for each, as the whole job would print one. */
#include "detector.h"
#include "film.h"
#include <stdlib.h>
#include <string.h>

static void print(int64_t number)
{
    printf("{\"frame\":%lld}\n", (long long)number);
    fflush(stdout);
}

static void decode(const char *path)
{
    film from = film_open(path);
    for (int64_t number = 1; film_next(&from); number++)
        print(number);
    film_close(&from);
}

static void infer(char **argument)
{
    film from = film_open(argument[0]);
    detector *model = detector_new(argument[1], argument[2]);
    const AVFrame *frame = film_next(&from);
    weir_picture picture;
    if (!frame)
        give_up("there is no picture in the film");
    int64_t frames = from.format->streams[from.stream]->nb_frames;
    void *input = detector_input_new(model);
    film_picture(frame, &picture);
    detector_fit(model, &picture, input);
    for (int64_t number = 1; number <= frames; number++) {
        detector_find(model, input, picture.width, picture.height);
        print(number);
    }
    free(input);
    detector_free(model);
    film_close(&from);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "decode") == 0)
        decode(argv[2]);
    else if (argc == 5 && strcmp(argv[1], "infer") == 0)
        infer(argv + 2);
    else
        give_up("usage: alone decode FILM | alone infer FILM DESCRIPTION MODEL");
    return 0;
}
