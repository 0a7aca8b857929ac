package io.steelyard.examples.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.steelyard.Candidates;
import io.steelyard.NoEndpointException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The page and what its buttons call, on 127.0.0.1 only.
 *
 * <pre>
 * GET  /            the page
 * GET  /events      server-sent events: the last samples once, then the state twice a second
 * GET  /state       the state, once
 * GET  /call        one request through the balancer: who answered
 * POST /strategy?name=roundRobin
 * POST /follow          leaves the policy to the cluster again
 * POST /scale?replicas=5
 * POST /pods/cart-3/kill, revive, slow, normal, drain, or weight?value=2
 * </pre>
 */
final class Page implements AutoCloseable {
  private static final int USUAL_PORT = 8080;
  private static final long STATE_EVERY_MILLIS = 500;
  private static final int MOST_BODY = 1024;

  private final HttpServer server;
  private final ExecutorService workers =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "page");
            thread.setDaemon(true);
            return thread;
          });
  private final Setup setup;
  private final Events events;
  private final State.Source source;
  private final KubernetesSerialization json = new KubernetesSerialization();
  private volatile boolean closed;

  /**
   * Starts to serve.
   *
   * @param port 0 for any free one, {@link Options#ANY} for the usual one if it is free
   */
  static Page serve(int port, Setup setup, Events events) throws IOException {
    return new Page(listen(port), setup, events);
  }

  private static HttpServer listen(int port) throws IOException {
    try {
      int wanted = port == Options.ANY ? USUAL_PORT : port;
      return HttpServer.create(new InetSocketAddress("127.0.0.1", wanted), 0);
    } catch (BindException e) {
      if (port == Options.ANY) {
        return HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
      }
      throw new IOException("--listen " + port + ": " + e.getMessage(), e);
    }
  }

  private Page(HttpServer server, Setup setup, Events events) {
    this.server = server;
    this.setup = setup;
    this.events = events;
    this.source = new State.Source(setup, events, setup.facts());
    server.setExecutor(workers);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      switch (exchange.getRequestMethod()) {
        case "GET" -> get(exchange, path);
        case "POST" -> post(exchange, path);
        default -> refuse(exchange, 405, "method " + exchange.getRequestMethod());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void get(HttpExchange exchange, String path) throws IOException, InterruptedException {
    switch (path) {
      case "/" -> resource(exchange, "index.html", "text/html");
      case "/demo.css" -> resource(exchange, "demo.css", "text/css");
      case "/demo.js" -> resource(exchange, "demo.js", "text/javascript");
      case "/state" -> reply(exchange, 200, "application/json", json.asJson(source.now()));
      case "/events" -> stream(exchange);
      case "/call" -> call(exchange);
      default -> refuse(exchange, 404, "no page " + path);
    }
  }

  private static void resource(HttpExchange exchange, String name, String type) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        refuse(exchange, 404, "no resource " + name);
        return;
      }
      reply(exchange, 200, type, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private void stream(HttpExchange exchange) throws IOException, InterruptedException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    List<Meter.Sample> samples = setup.meter().samples();
    send(out, "samples", samples);
    double last = samples.isEmpty() ? -1 : samples.get(samples.size() - 1).at();
    while (!closed) {
      for (Meter.Sample sample : setup.meter().samples()) {
        if (sample.at() > last) {
          send(out, "sample", sample);
          last = sample.at();
        }
      }
      send(out, "state", source.now());
      Thread.sleep(STATE_EVERY_MILLIS);
    }
  }

  private void send(OutputStream out, String event, Object data) throws IOException {
    String text = "event: " + event + "\ndata: " + json.asJson(data) + "\n\n";
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** One request, for people to repeat. */
  private void call(HttpExchange exchange) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    int status = 200;
    String who;
    String how;
    try {
      HttpResponse<String> response = setup.application().call().get(10, TimeUnit.SECONDS);
      String authority = response.uri().getAuthority();
      who = podAt(authority);
      how =
          String.format(
              Locale.ROOT,
              "%s answered %d in %.1f ms",
              authority,
              response.statusCode(),
              (System.nanoTime() - begun) / 1e6);
    } catch (ExecutionException e) {
      status = 503;
      who = "nobody";
      how = reason(e);
    } catch (TimeoutException e) {
      status = 504;
      who = "nobody";
      how = "no answer within 10 s";
    }
    String accept = exchange.getRequestHeaders().getFirst("Accept");
    if (accept != null && accept.contains("text/html")) {
      reply(exchange, status, "text/html", callPage(who, how));
    } else {
      reply(exchange, status, "text/plain", who + "  (" + how + ")\n");
    }
  }

  private static String callPage(String who, String how) {
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>%1$s answered</title>
        <link rel="stylesheet" href="/demo.css">
        </head>
        <body class="call">
        <main>
        <p class="who">%1$s</p>
        <p>%2$s</p>
        <p><a href="/call">again</a> &middot; <a href="/">the page</a></p>
        </main>
        </body>
        </html>
        """
        .formatted(escape(who), escape(how));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  private static String reason(ExecutionException error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof NoEndpointException) {
        return String.valueOf(cause.getMessage());
      }
    }
    return String.valueOf(error.getCause());
  }

  private String podAt(String authority) {
    Candidates candidates = setup.application().balancer().candidates();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.endpoint(i).authority().equals(authority)) {
        return Application.podName(candidates.endpoint(i));
      }
    }
    return authority;
  }

  /** Does what a button asks for; what cannot be done is answered in words. */
  private void post(HttpExchange exchange, String path) throws IOException {
    String origin = exchange.getRequestHeaders().getFirst("Origin");
    if (origin != null
        && !origin.equals("http://" + exchange.getRequestHeaders().getFirst("Host"))) {
      refuse(exchange, 403, "a page of " + origin + " may not do this");
      return;
    }
    try {
      command(path.split("/", -1), parameters(exchange));
      reply(exchange, 200, "text/plain", "done\n");
    } catch (NoSuchElementException e) {
      refuse(exchange, 404, String.valueOf(e.getMessage()));
    } catch (IllegalStateException e) {
      refuse(exchange, 409, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      refuse(exchange, 400, String.valueOf(e.getMessage()));
    }
  }

  private void command(String[] path, Map<String, String> parameters) {
    if (path.length == 2 && path[1].equals("strategy")) {
      Choice choice = Choice.titled(text(parameters, "name"));
      setup.application().choose(choice);
      events.add("balancer", "strategy " + choice.title());
      return;
    }
    if (path.length == 2 && path[1].equals("follow")) {
      setup.application().follow();
      events.add("balancer", "follows the cluster");
      return;
    }
    Cluster cluster = setup.cluster();
    if (cluster == null) {
      throw new NoSuchElementException("this cluster is not the demo's: only /strategy can be set");
    }
    if (path.length == 2 && path[1].equals("scale")) {
      cluster.scale(number(parameters, "replicas"));
    } else if (path.length == 4 && path[1].equals("pods")) {
      pod(cluster, path[2], path[3], parameters);
    } else {
      throw new NoSuchElementException("no such command: " + String.join("/", path));
    }
  }

  private static void pod(
      Cluster cluster, String pod, String command, Map<String, String> parameters) {
    switch (command) {
      case "kill" -> cluster.kill(pod);
      case "revive" -> cluster.revive(pod);
      case "slow" -> cluster.slow(pod, true);
      case "normal" -> cluster.slow(pod, false);
      case "drain" -> cluster.drain(pod);
      case "weight" -> cluster.weight(pod, number(parameters, "value"));
      default ->
          throw new IllegalArgumentException(
              "command: " + command + " (expected: kill, revive, slow, normal, drain or weight)");
    }
  }

  private static String text(Map<String, String> parameters, String name) {
    String text = parameters.get(name);
    if (text == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return text;
  }

  private static int number(Map<String, String> parameters, String name) {
    String text = text(parameters, name);
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": " + text + " (expected: a number)", e);
    }
  }

  /** From the query and, where there is one, the body of a form. */
  private static Map<String, String> parameters(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(MOST_BODY);
    String query = exchange.getRequestURI().getRawQuery();
    Map<String, String> parameters = new HashMap<>();
    for (String part :
        ((query == null ? "" : query) + "&" + new String(body, StandardCharsets.UTF_8))
            .split("&")) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        parameters.put(
            URLDecoder.decode(part.substring(0, equals), StandardCharsets.UTF_8),
            URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8).strip());
      }
    }
    return parameters;
  }

  private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
    reply(exchange, status, "text/plain", why + "\n");
  }

  private static void reply(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    closed = true;
    server.stop(0);
    workers.shutdownNow();
  }
}
