package io.steelyard.examples.demo;
final class Show { static void run(Options o) {} }
