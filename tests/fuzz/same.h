/* Same: what every text that was understood must bear: printed in either form, it reads back as it was. */
#ifndef WR_FUZZ_SAME_H
#define WR_FUZZ_SAME_H

#include "core/description.h"

/* Ends the process with the texts on standard error if it does not. */
void wr_fuzz_round_trip(const wr_description *description);

#endif
