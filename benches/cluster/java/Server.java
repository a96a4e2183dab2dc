import java.io.PrintStream;
import java.util.Arrays;

/** A server of a cluster, or a member: the name of its kind, and its place. It ends with its input. */
public final class Server {
    private Server() {}

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
        switch (arguments[0]) {
            case "cassandra" -> Cassandras.serve();
            case "zookeeper" -> ZooKeepers.serve(place);
            case "jgroups" -> Groups.plain(place);
            case "raft" -> Groups.raft(place);
            case "atomix" -> Atomixes.serve(place);
            default -> throw new IllegalArgumentException(arguments[0] + ": expected cassandra, zookeeper, jgroups, raft or atomix");
        }
        answers.println("ready");
        while (System.in.read() >= 0) {
            // Nothing is sent.
        }
    }
}
