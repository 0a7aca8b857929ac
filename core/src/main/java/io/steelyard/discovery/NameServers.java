package io.steelyard.discovery;

import io.steelyard.Endpoint;
import io.steelyard.discovery.DnsMessage.Answer;
import io.steelyard.discovery.DnsMessage.Data;
import io.steelyard.discovery.DnsMessage.Entry;
import io.steelyard.discovery.DnsMessage.Question;
import io.steelyard.discovery.Lookup.Found;
import io.steelyard.discovery.Lookup.NotFound;
import io.steelyard.discovery.Lookup.NotFound.Why;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up at name servers. Nothing is cached in between, a name that does not exist can be
 * told from a server that does not answer, and answers say how long they are good for.
 */
final class NameServers {
  private static final List<Integer> FOUR_FIRST = List.of(DnsMessage.A, DnsMessage.AAAA);
  private static final List<Integer> SIX_FIRST = List.of(DnsMessage.AAAA, DnsMessage.A);

  private final DnsClient client;
  private final DnsDiscovery.AddressFamily family;

  NameServers(DnsClient client, DnsDiscovery.AddressFamily family) {
    this.client = client;
    this.family = family;
  }

  /** The addresses of a host, all with this port. */
  Lookup hosts(String host, int port) {
    return new Hosts(host, port);
  }

  /** The targets of SRV records, with ports and weights, at their addresses. */
  Lookup services(String name) {
    return new Services(name);
  }

  private final class Hosts implements Lookup {
    private final String host;
    private final int port;

    Hosts(String host, int port) {
      this.host = host;
      this.port = port;
    }

    @Override
    public Found find() throws NotFound {
      Session session = new Session(Map.of());
      try {
        List<InetAddress> addresses = session.addresses(host);
        if (addresses == null) {
          throw absent(host);
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (InetAddress address : addresses) {
          endpoints.add(Endpoint.of(Addresses.text(address), port));
        }
        return new Found(endpoints, null, session.seconds);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public void close() {
      client.close();
    }
  }

  private final class Services implements Lookup {
    private final String name;

    /** What targets had when they were last asked for. */
    private Map<String, List<InetAddress>> known = Map.of();

    Services(String name) {
      this.name = name;
    }

    @Override
    public Found find() throws NotFound {
      Session session = new Session(known);
      try {
        Answer answer = session.ask(Question.of(name, DnsMessage.SRV));
        if (answer.code() == DnsMessage.NO_SUCH_NAME) {
          throw absent(name);
        }
        List<SrvRecord> records = new ArrayList<>();
        for (Entry record : answer.records()) {
          if (record.data() instanceof Data.Service service) {
            records.add(service.srv());
          }
        }
        SortedMap<Integer, List<SrvRecord>> byPriority = SrvRecord.byPriority(records);
        if (byPriority.isEmpty() && !records.isEmpty()) {
          throw new NotFound(Why.ABSENT, name + " is not offered (its target is \".\")", null);
        }
        session.remember(answer.additional());
        Found found = find(byPriority, session);
        known = session.targets;
        return found;
      } catch (IOException e) {
        throw failed(e);
      }
    }

    private Found find(SortedMap<Integer, List<SrvRecord>> byPriority, Session session)
        throws NotFound {
      List<Endpoint> endpoints = List.of();
      for (List<SrvRecord> group : byPriority.values()) {
        Map<SrvRecord, List<InetAddress>> found = new LinkedHashMap<>();
        for (SrvRecord srv : group) {
          found.put(srv, session.target(srv.target()));
        }
        endpoints = SrvRecord.endpoints(found);
        if (!endpoints.isEmpty()) {
          break; // the others are for when this group is gone
        }
      }
      IOException failure = session.failure;
      if (endpoints.isEmpty() && failure != null) {
        throw failed(failure);
      }
      return new Found(
          endpoints,
          failure == null ? null : String.valueOf(failure.getMessage()),
          session.seconds);
    }

    @Override
    public void close() {
      client.close();
    }
  }

  /** One lookup and the questions it takes. */
  private final class Session {
    /** How long all answers are good for. */
    long seconds = Long.MAX_VALUE;

    /** The addresses of targets, each asked for once. */
    final Map<String, List<InetAddress>> targets = new HashMap<>();

    /** Why a target's addresses are not new. */
    @Nullable IOException failure;

    private final Map<String, List<InetAddress>> known;
    private final Map<Question, List<Entry>> told = new HashMap<>();
    private boolean silent;

    Session(Map<String, List<InetAddress>> known) {
      this.known = known;
    }

    /** Takes what a server has told unasked, so that it need not be asked for each target. */
    void remember(List<Entry> records) {
      for (Entry record : records) {
        told.computeIfAbsent(record.of(), q -> new ArrayList<>()).add(record);
      }
    }

    Answer ask(Question question) throws IOException {
      List<Entry> unasked = told.get(question);
      Answer answer =
          unasked == null
              ? client.ask(question)
              : new Answer(DnsMessage.NO_ERROR, false, unasked, List.of());
      for (Entry record : answer.records()) {
        seconds = Math.min(seconds, record.seconds());
      }
      return answer;
    }

    /** The addresses of a name, none if it has none, null if there is no such name. */
    @Nullable List<InetAddress> addresses(String host) throws IOException {
      List<InetAddress> addresses = new ArrayList<>();
      boolean exists = false;
      for (int type : family == DnsDiscovery.AddressFamily.IPV6 ? SIX_FIRST : FOUR_FIRST) {
        if (addresses.isEmpty() || family == DnsDiscovery.AddressFamily.BOTH) {
          Answer answer = ask(Question.of(host, type));
          // Some servers say that there is no such name where it has no record of this type.
          exists |= answer.code() == DnsMessage.NO_ERROR;
          for (Entry record : answer.records()) {
            if (record.data() instanceof Data.Address found) {
              addresses.add(found.address());
            }
          }
        }
      }
      return exists ? Addresses.chosen(addresses, family) : null;
    }

    /** The addresses of a target; those last known where they cannot be had. */
    List<InetAddress> target(String name) {
      return targets.computeIfAbsent(name, this::find);
    }

    private List<InetAddress> find(String name) {
      // Silence is a property of the servers: a hundred targets are not waited for in turn.
      if (!silent) {
        try {
          List<InetAddress> addresses = addresses(name);
          return addresses == null ? List.of() : addresses; // a pod that has just gone
        } catch (IOException e) {
          silent = e instanceof DnsClient.Silence;
          failure = failure == null ? e : failure;
        }
      }
      return known.getOrDefault(name, List.of());
    }
  }

  private static NotFound absent(String name) {
    return new NotFound(Why.ABSENT, "no such name: " + name, null);
  }

  private static NotFound failed(IOException e) {
    return new NotFound(Why.FAILED, String.valueOf(e.getMessage()), e);
  }
}
