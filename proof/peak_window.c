// One thread observes a value while another one ends the window: Dekker's algorithm. The half of the next window has a
// greater value, of the window before, which is cleared first.
//
// Must not be: a value that is in neither of the two windows.
//
// holds
// fails: -DNO_FENCE_IN_OBSERVE
// fails: -DNO_FENCE_IN_READ
// fails: -DLOOK_ONCE (the observer doesn't look at the epoch again)
// fails: -DEPOCH_STORE=relaxed
// fails: -DEPOCH_LOAD=relaxed (by the observer)
#include "program.h"

#ifndef EPOCH_STORE
#define EPOCH_STORE release
#endif
#ifndef EPOCH_LOAD
#define EPOCH_LOAD acquire
#endif

enum { value = 5 };

static word epoch, halves[2] = {0, value + 1};
static int first_window;

// peak::observe_new
THREAD(observer) {
    for (;;) {
        int now = load(epoch, EPOCH_LOAD);
        if (value > load(halves[now % 2], relaxed))
            store(halves[now % 2], value, relaxed);
#ifndef NO_FENCE_IN_OBSERVE
        fence(seq_cst);
#endif
#ifdef LOOK_ONCE
        return 0;
#endif
        if (load(epoch, relaxed) == now)
            return 0;
    }
}

// Registry::greatest_of_window
THREAD(reader) {
    int ended = load(epoch, relaxed);
    store(halves[(ended + 1) % 2], 0, relaxed);
    store(epoch, ended + 1, EPOCH_STORE);
#ifndef NO_FENCE_IN_READ
    fence(seq_cst);
#endif
    first_window = load(halves[ended % 2], relaxed);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(observer), start(reader)};
    for (int i = 0; i < 2; i++)
        join(threads[i]);
    assert(first_window == value || load(halves[1], relaxed) == value);
}
