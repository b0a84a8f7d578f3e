/* The limit: `minimal FILM DESCRIPTION MODEL`. One thread decodes and converts, the other runs the model and prints. They
 * share two inputs: one is worked on while the other is filled. No identities, no times, no accounts, no policy.
 *
 * The conversion is in the decoding thread, which has the time: the model is what takes longest. */
#include "detector.h"
#include "film.h"
#include <pthread.h>
#include <stdlib.h>

enum { INPUTS = 2 };

typedef struct input {
    float *data;
    uint32_t width, height; /* of the picture */
} input;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static input inputs[INPUTS];
static uint64_t filled, emptied; /* under lock */
static bool over;                /* under lock */

static detector *model;
static const char *path;

/* The input to fill, once there is one. */
static input *wait_for_room(void)
{
    pthread_mutex_lock(&lock);
    while (filled - emptied == INPUTS)
        pthread_cond_wait(&changed, &lock);
    input *free_one = &inputs[filled % INPUTS];
    pthread_mutex_unlock(&lock);
    return free_one;
}

/* The input to work on; NULL when there will be no more. */
static input *wait_for_input(void)
{
    pthread_mutex_lock(&lock);
    while (filled == emptied && !over)
        pthread_cond_wait(&changed, &lock);
    input *next = filled == emptied ? NULL : &inputs[emptied % INPUTS];
    pthread_mutex_unlock(&lock);
    return next;
}

static void count(uint64_t *what)
{
    pthread_mutex_lock(&lock);
    ++*what;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *decode(void *user)
{
    film from = film_open(path);
    const AVFrame *frame;
    (void)user;
    while ((frame = film_next(&from))) {
        weir_picture picture;
        input *to = wait_for_room();
        film_picture(frame, &picture);
        detector_fit(model, &picture, to->data);
        to->width = picture.width;
        to->height = picture.height;
        count(&filled);
    }
    film_close(&from);
    pthread_mutex_lock(&lock);
    over = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        give_up("usage: minimal FILM DESCRIPTION MODEL");
    pthread_t decoding;
    input *next;
    path = argv[1];
    model = detector_new(argv[2], argv[3]);
    for (int i = 0; i < INPUTS; i++)
        inputs[i].data = detector_input_new(model);
    pthread_create(&decoding, NULL, decode, NULL);
    for (int64_t number = 1; (next = wait_for_input()); number++) {
        detector_find(model, next->data, next->width, next->height);
        count(&emptied);
        detector_print(model, number, stdout);
    }
    pthread_join(decoding, NULL);
    for (int i = 0; i < INPUTS; i++)
        free(inputs[i].data);
    detector_free(model);
    return 0;
}
