import java.util.Scanner;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures LongAdder and AtomicLong. Each line of the standard input is "add|read LongAdder|AtomicLong threads
 * times", which is answered with nanoseconds and a sum, or "take LongAdder|AtomicLong threads milliseconds", which is
 * answered with what was added and what was taken.
 */
public class Counters {
    interface Counter {
        void add(long times);

        long sum();

        long take();
    }

    static final class OfLongAdder implements Counter {
        final LongAdder adder = new LongAdder();

        public void add(long times) {
            for (long i = 0; i < times; i++) {
                adder.increment();
            }
        }

        public long sum() {
            return adder.sum();
        }

        public long take() {
            return adder.sumThenReset();
        }
    }

    static final class OfAtomicLong implements Counter {
        final AtomicLong atomic = new AtomicLong();

        public void add(long times) {
            for (long i = 0; i < times; i++) {
                atomic.incrementAndGet();
            }
        }

        public long sum() {
            return atomic.get();
        }

        public long take() {
            return atomic.getAndSet(0);
        }
    }

    static Counter make(String kind) {
        return kind.equals("LongAdder") ? new OfLongAdder() : new OfAtomicLong();
    }

    /** Lets threads add at the same time. Returns the nanoseconds from the first one's start to the last one's end. */
    static long together(Counter counter, int threads, long times) throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(threads);
        long[] starts = new long[threads];
        long[] ends = new long[threads];
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int index = i;
            workers[i] = new Thread(() -> {
                try {
                    barrier.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                starts[index] = System.nanoTime();
                counter.add(times);
                ends[index] = System.nanoTime();
            });
            workers[i].start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
        long start = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        for (int i = 0; i < threads; i++) {
            start = Math.min(start, starts[i]);
            end = Math.max(end, ends[i]);
        }
        return end - start;
    }

    /** Takes all the time while threads add. Returns what they added, and what was taken. */
    static String takeAmidAdds(Counter counter, int threads, long millis) throws Exception {
        final long adds = 1000;
        AtomicLong added = new AtomicLong();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Thread(() -> {
                while (!isOver.get()) {
                    counter.add(adds);
                    added.addAndGet(adds);
                }
            });
            workers[i].start();
        }
        long taken = 0;
        long end = System.nanoTime() + millis * 1_000_000;
        while (System.nanoTime() < end) {
            taken += counter.take();
        }
        isOver.set(true);
        for (Thread worker : workers) {
            worker.join();
        }
        return added.get() + " " + (taken + counter.take());
    }

    static String answer(String what, String kind, int threads, long times) throws Exception {
        Counter counter = make(kind);
        switch (what) {
            case "add": {
                long nanos = together(counter, threads, times);
                return nanos + " " + counter.sum();
            }
            case "read": {
                together(counter, threads, 1);
                long start = System.nanoTime();
                long sum = 0;
                for (long i = 0; i < times; i++) {
                    sum += counter.sum();
                }
                return (System.nanoTime() - start) + " " + sum / times;
            }
            case "take":
                return takeAmidAdds(counter, threads, times);
            default:
                throw new IllegalArgumentException(what + ": expected add, read or take");
        }
    }

    public static void main(String[] arguments) throws Exception {
        // Until the loops are compiled.
        for (int i = 0; i < 5; i++) {
            answer("add", "LongAdder", 2, 2_000_000);
            answer("add", "AtomicLong", 2, 2_000_000);
        }
        Scanner scanner = new Scanner(System.in);
        while (scanner.hasNext()) {
            System.out.println(answer(scanner.next(), scanner.next(), scanner.nextInt(), scanner.nextLong()));
            System.out.flush();
        }
    }
}
