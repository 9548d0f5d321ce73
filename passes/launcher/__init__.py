"""Starting and stopping everything on one machine: embedded PostgreSQL and Kafka, and the processes of the service."""
