package io.steelyard.benchmarks.simulation;

import java.util.Locale;

/** Writes an SVG, shape by shape. Light background; sizes in pixels. */
final class Svg {
  static final String INK = "#222222";
  static final String FAINT = "#777777";
  static final String GRID = "#e4e4e4";

  /** Where a text ends up relative to its point. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  private final StringBuilder body = new StringBuilder();
  private final double width;
  private final double height;

  Svg(double width, double height) {
    this.width = width;
    this.height = height;
  }

  void line(double x1, double y1, double x2, double y2, String colour, double thick) {
    add(
        "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>",
        n(x1), n(y1), n(x2), n(y2), colour, n(thick));
  }

  /** A line through points; a point that is not a number leaves a gap. */
  void path(double[] x, double[] y, String colour, double thick, boolean dashed) {
    StringBuilder d = new StringBuilder();
    boolean drawing = false;
    for (int i = 0; i < x.length; i++) {
      if (Double.isNaN(y[i])) {
        drawing = false;
      } else {
        d.append(drawing ? " L" : " M").append(n(x[i])).append(' ').append(n(y[i]));
        drawing = true;
      }
    }
    add(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"%s/>",
        d.toString().trim(), colour, n(thick), dashed ? " stroke-dasharray=\"5 3\"" : "");
  }

  /** A dot; hollow ones are white inside. */
  void dot(double x, double y, double radius, String colour, boolean hollow) {
    add(
        "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"/>",
        n(x), n(y), n(radius), hollow ? "#ffffff" : colour, colour);
  }

  void text(double x, double y, String text, Anchor anchor, double size, String colour) {
    text(x, y, text, anchor, size, colour, false);
  }

  void text(
      double x, double y, String text, Anchor anchor, double size, String colour, boolean bold) {
    add(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" font-size=\"%s\" fill=\"%s\"%s>%s</text>",
        n(x),
        n(y),
        anchor.name().toLowerCase(Locale.ROOT),
        n(size),
        colour,
        bold ? " font-weight=\"bold\"" : "",
        text.replace("&", "&amp;").replace("<", "&lt;"));
  }

  private void add(String format, Object... arguments) {
    body.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  /** A tenth of a pixel is enough, and hides what differs between machines. */
  private static String n(double number) {
    String text = String.format(Locale.ROOT, "%.1f", number);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  @Override
  public String toString() {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""
        + n(width)
        + "\" height=\""
        + n(height)
        + "\" viewBox=\"0 0 "
        + n(width)
        + " "
        + n(height)
        + "\" font-family=\"Helvetica, Arial, sans-serif\">\n"
        + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        + body
        + "</svg>\n";
  }
}
