"""What a cluster of pods does under load: queues, the autoscaler and lost nodes, played through event by event."""
