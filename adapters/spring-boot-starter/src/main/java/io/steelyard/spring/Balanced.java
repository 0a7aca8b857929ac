package io.steelyard.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Marks what balances: {@code @Balanced RestClient.Builder}, a new one at each place, and
 * {@code @Balanced HttpClient}. Both send {@code http://cart/…} to an endpoint of the service
 * {@code cart}, and every other request as it is. Without this mark the application's ordinary ones
 * are meant.
 */
@Documented
@Qualifier
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE})
public @interface Balanced {}
