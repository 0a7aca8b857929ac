/** What every adapter of an HTTP client is tested for, against real servers. */
package io.steelyard.contract;
