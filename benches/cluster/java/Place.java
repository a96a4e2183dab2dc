import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The place of a process in its cluster: its number, the port that it listens at, the ports at which the others find all
 * members, itself included, and a folder of its own.
 */
record Place(int index, int port, int[] ports, Path folder) {
    /** The arguments are: number, port, ports with commas between, folder. */
    static Place of(String[] arguments) {
        int[] ports = Arrays.stream(arguments[2].split(",")).mapToInt(Integer::parseInt).toArray();
        return new Place(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]), ports, Path.of(arguments[3]));
    }

    int advertised() {
        return ports[index];
    }

    /** All members, each in a form that has its port for %d. */
    String members(String form, String between) {
        return IntStream.of(ports).mapToObj(port -> String.format(form, port)).collect(Collectors.joining(between));
    }
}
