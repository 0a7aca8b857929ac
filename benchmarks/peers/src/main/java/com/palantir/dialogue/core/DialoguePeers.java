package com.palantir.dialogue.core;

import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ListMultimap;
import com.palantir.dialogue.Response;
import com.palantir.dialogue.ResponseAttachments;
import com.palantir.dialogue.core.BalancedScoreTracker.ChannelScoreInfo;
import com.palantir.random.SafeThreadLocalRandom;
import com.palantir.tritium.metrics.registry.DefaultTaggedMetricRegistry;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.peers.Peer;
import java.io.InputStream;
import java.util.List;

/** Dialogue's balanced strategy: all channels in a shuffled order, sorted by score. */
public final class DialoguePeers {
  private DialoguePeers() {}

  /** Its score tracker. */
  public static Peer balanced(List<Endpoint> endpoints) {
    BalancedScoreTracker tracker =
        new BalancedScoreTracker(
            endpoints.size(),
            SafeThreadLocalRandom.get(),
            System::nanoTime,
            new DefaultTaggedMetricRegistry(),
            "cart");
    return new Peer() {
      @Override
      public Object pick() {
        return tracker.getSingleBestChannelByScore();
      }

      @Override
      public Object begin() {
        ChannelScoreInfo channel = tracker.getSingleBestChannelByScore();
        channel.startRequest();
        return channel;
      }

      @Override
      public void end(Object begun) {
        ((ChannelScoreInfo) begun).onSuccess(OK);
      }

      @Override
      public Object endpointOf(Object chosen) {
        return ((ChannelScoreInfo) chosen).channelIndex();
      }
    };
  }

  private static final Response OK =
      new Response() {
        @Override
        public InputStream body() {
          return InputStream.nullInputStream();
        }

        @Override
        public int code() {
          return 200;
        }

        @Override
        public ListMultimap<String, String> headers() {
          return ImmutableListMultimap.of();
        }

        @Override
        public ResponseAttachments attachments() {
          return ResponseAttachments.create();
        }

        @Override
        public void close() {}
      };
}
