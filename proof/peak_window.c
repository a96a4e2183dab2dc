// One thread observes a value while another one ends the window: Dekker's algorithm.
//
// Must not be: a value that is in neither of the two windows.
//
// holds
// fails: -DNO_FENCE_IN_OBSERVE
// fails: -DNO_FENCE_IN_READ
// fails: -DLOOK_ONCE (the observer doesn't look at the epoch again)
#include "program.h"

enum { value = 5 };

static word epoch, halves[2];
static int first_window;

// peak::observe_new
THREAD(observer) {
    for (;;) {
        int now = load(epoch, acquire);
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
    store(epoch, ended + 1, release);
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
