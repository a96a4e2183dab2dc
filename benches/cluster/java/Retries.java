import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;

/** A client that repeats each call that fails. */
final class Retries {
    private static final long PAUSE_MILLIS = 10;
    private static final long GIVE_UP_NANOS = 120_000_000_000L;

    /** Calls that failed. */
    static final LongAdder FAILED = new LongAdder();

    private Retries() {}

    static <T> T until(Callable<T> call) throws Exception {
        long start = System.nanoTime();
        for (;;) {
            try {
                return call.call();
            } catch (Exception e) {
                FAILED.increment();
                if (System.nanoTime() - start > GIVE_UP_NANOS) {
                    throw e;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }
}
