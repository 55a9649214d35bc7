import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.security.scram.ScramLoginModule;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes one product and waits for what the catalogue makes of it. With Apache Kafka's own client.
 *
 * <p>The address comes from SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS, the prefix of the topics from SHOPSYNC_TOPIC_PREFIX. With
 * SHOPSYNC_KAFKA_USERNAME it logs in (SHOPSYNC_KAFKA_PASSWORD, SHOPSYNC_KAFKA_CA_FILE).
 */
public class FirstEvent {
  static final String SERVERS = setting("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092");
  static final String PREFIX = setting("SHOPSYNC_TOPIC_PREFIX", "shopsync");
  static final String KEY = "demo/A-100"; // {shop_key}/{product_no}: the key, and the event's subject
  static final Duration PATIENCE = Duration.ofSeconds(60);
  static final ObjectMapper JSON = new ObjectMapper();

  /** Where Kafka is, and how to log in where it asks for it: TLS, name and password. Then the client's own options. */
  static Map<String, Object> connection(Map<String, Object> own) {
    Map<String, Object> options = new HashMap<>(own);
    options.put("bootstrap.servers", SERVERS);
    String user = System.getenv("SHOPSYNC_KAFKA_USERNAME");
    if (user != null) {
      options.put("security.protocol", "SASL_SSL");
      options.put("ssl.truststore.type", "PEM");
      options.put("ssl.truststore.location", System.getenv("SHOPSYNC_KAFKA_CA_FILE"));
      options.put("sasl.mechanism", "SCRAM-SHA-512");
      options.put("sasl.jaas.config", "%s required username=\"%s\" password=\"%s\";".formatted(
          ScramLoginModule.class.getName(), user, System.getenv("SHOPSYNC_KAFKA_PASSWORD")));
    }
    return options;
  }

  /** What the shop says about the product at this moment, in its CloudEvents envelope. */
  static String productChanged(Instant now) {
    return """
        {
          "specversion": "1.0",
          "id": "erp/%1$s/%2$s",
          "source": "/erp",
          "type": "jp.shopsync.product.changed.v1",
          "subject": "%1$s",
          "time": "%2$s",
          "datacontenttype": "application/json",
          "data": {
            "shop_key": "%3$s",
            "product_no": "%4$s",
            "mode": "changed_only",
            "observed_at": "%2$s",
            "product": {
              "updated_at": "%2$s",
              "name": "リネンシャツ",
              "images": ["https://img.example.jp/a-100.jpg"],
              "sale_form": "regular",
              "regular_price": 3500,
              "tax": {"included": false, "rate_percent": 10, "rounding": "down"},
              "stock_managed": true,
              "skus": [{"stock": 10}]
            }
          }
        }
        """.formatted(KEY, now, KEY.split("/")[0], KEY.split("/")[1]); // the same fact sent again has the same id
  }

  /** Sends the event, and returns when Kafka has it. */
  static void publish(String event) throws Exception {
    Map<String, Object> options = connection(Map.of());
    try (var producer = new KafkaProducer<>(options, new StringSerializer(), new StringSerializer())) {
      var message = new ProducerRecord<>(PREFIX + ".product-changes.v1", KEY, event);
      message.headers().add("content-type", "application/cloudevents+json; charset=UTF-8".getBytes());
      producer.send(message).get();
    }
  }

  /** The first snapshot of the product that knows what the shop said at this moment. */
  static JsonNode snapshotSince(Instant moment) throws Exception {
    Map<String, Object> options = connection(Map.of(
        "group.id", PREFIX + ".other-systems.first-event",
        "auto.offset.reset", "earliest", // the topic keeps the newest snapshot of every product
        "isolation.level", "read_committed"));
    try (var consumer = new KafkaConsumer<>(options, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(PREFIX + ".catalog-products.v1"));
      Instant deadline = Instant.now().plus(PATIENCE);
      while (Instant.now().isBefore(deadline)) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          if (!KEY.equals(record.key()) || record.value() == null) continue; // a null value: the product was deleted
          JsonNode event = JSON.readTree(record.value());
          if (!"jp.shopsync.product.snapshot.v1".equals(event.path("type").asText())) continue; // new types may come
          JsonNode known = event.path("data").path("upstream_updated_at");
          if (known.isTextual() && !OffsetDateTime.parse(known.asText()).toInstant().isBefore(moment)) {
            return event.path("data");
          }
        }
      }
      return null;
    }
  }

  static String setting(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }

  public static void main(String[] arguments) throws Exception {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS); // the catalogue keeps milliseconds
    publish(productChanged(now));
    JsonNode snapshot = snapshotSince(now);
    if (snapshot == null) {
      System.err.printf("no snapshot in %d s: look for a reason in %s.dead-letters.v1%n", PATIENCE.toSeconds(), PREFIX);
      System.exit(1);
    }
    System.out.println(JSON.writeValueAsString(snapshot));
  }
}
