"""What travels over MQTT: topics, messages, codec, authentication."""
