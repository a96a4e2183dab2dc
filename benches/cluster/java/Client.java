import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Clients that count in a cluster: the name of the way, and the place. Lines of the standard input are "start" and a number of
 * threads; "stop", which is answered with the number of events and of failed calls; and "value", which is answered with the
 * number that the cluster has.
 */
public final class Client {
    private final Counting counting;
    private final List<Future<Long>> threads = new ArrayList<>();
    private ExecutorService executor;
    private volatile boolean isOver;

    private Client(Counting counting) {
        this.counting = counting;
    }

    static Counting counting(String way, Place place) throws Exception {
        return switch (way) {
            case "zookeeper-version" -> ZooKeepers.byVersion(place);
            case "zookeeper-long" -> ZooKeepers.byCuratorsLong(place);
            case "zookeeper-mutex" -> ZooKeepers.byCuratorsMutex(place);
            case "jgroups" -> Groups.plain(place);
            case "raft" -> Groups.raft(place);
            case "atomix" -> Atomixes.counting(place);
            default -> throw new IllegalArgumentException(way + ": expected a way to count");
        };
    }

    private void start(int clients) {
        isOver = false;
        executor = Executors.newFixedThreadPool(clients);
        Callable<Long> count = () -> {
            long counted = 0;
            while (!isOver) {
                Retries.until(() -> {
                    counting.increment();
                    return null;
                });
                counted++;
            }
            return counted;
        };
        for (int i = 0; i < clients; i++) {
            threads.add(executor.submit(count));
        }
    }

    private String stop() throws Exception {
        isOver = true;
        long counted = 0;
        for (Future<Long> thread : threads) {
            counted += thread.get();
        }
        threads.clear();
        executor.shutdown();
        return counted + " " + Retries.FAILED.sumThenReset();
    }

    public static void main(String[] arguments) {
        // Systems may write what they like, but not among the answers.
        PrintStream answers = System.out;
        System.setOut(System.err);
        try {
            run(arguments, answers);
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void run(String[] arguments, PrintStream answers) throws Exception {
        Place place = Place.of(Arrays.copyOfRange(arguments, 1, arguments.length));
        Client client = new Client(counting(arguments[0], place));
        client.counting.value();
        answers.println("ready");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null;) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "start" -> client.start(Integer.parseInt(words[1]));
                case "stop" -> answers.println(client.stop());
                case "value" -> answers.println(Retries.until(client.counting::value));
                default -> throw new IllegalArgumentException(line + ": expected start, stop or value");
            }
        }
    }
}
