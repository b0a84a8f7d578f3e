/* Trigger: which frames are worth a picture.
 *
 * Every so long on the media's own time, and whenever one of some labels
 * appears: it is found in an analysed frame, was not in the one before, and has
 * been away for the hold-off. So something that flickers, or stays, triggers once.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_SNAPSHOT_TRIGGER_H
#define WR_SNAPSHOT_TRIGGER_H

#include <stdbool.h>
#include <weir/boxes.h>

enum { WR_TRIGGER_LABELS = 32 };

typedef struct wr_trigger {
    int64_t every_ns; /* 0: never */
    int64_t holdoff_ns;
    float min_score;
    int labels;
    struct {
        char name[WEIR_LABEL_BYTES];
        bool seen, here; /* ever; in the last analysed frame */
        int64_t seen_ns; /* last */
    } label[WR_TRIGGER_LABELS];
    bool started;
    int64_t next_ns; /* on the media's time, when a picture is due */
} wr_trigger;

/* Adds the labels of a list ("person,car"). False if there are too many. */
bool wr_trigger_labels(wr_trigger *trigger, const char *list);
/* Is this frame worth a picture? Every frame is shown here once, with a time that grows. boxes NULL: not analysed; what
 * they say of their count holds only as far as boxes_bytes reach. */
bool wr_trigger_fires(wr_trigger *trigger, int64_t time_ns, const weir_boxes *boxes, size_t boxes_bytes);

#endif
