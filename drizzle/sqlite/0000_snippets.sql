CREATE TABLE `contents` (
	`key` integer PRIMARY KEY NOT NULL,
	`hash` blob NOT NULL,
	`content` blob NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `contents_hash_unique` ON `contents` (`hash`);--> statement-breakpoint
CREATE TABLE `ledger` (
	`snippet` integer NOT NULL,
	`version_number` integer NOT NULL,
	`content` integer NOT NULL,
	`editor_id` text NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`snippet`, `version_number`),
	FOREIGN KEY (`snippet`) REFERENCES `snippets`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`content`) REFERENCES `contents`(`key`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `snippet_contents` (
	`snippet` integer NOT NULL,
	`content` integer NOT NULL,
	`live` integer NOT NULL,
	PRIMARY KEY(`snippet`, `content`),
	FOREIGN KEY (`snippet`) REFERENCES `snippets`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`content`) REFERENCES `contents`(`key`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `snippet_contents_live` ON `snippet_contents` (`content`,`live`);--> statement-breakpoint
CREATE TABLE `snippets` (
	`key` integer PRIMARY KEY NOT NULL,
	`prefix` blob NOT NULL,
	`owner_id` text NOT NULL,
	`content_type` text NOT NULL,
	`title` text,
	`description` text,
	`search_text` text NOT NULL,
	`current_content` integer NOT NULL,
	`history_count` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`current_content`) REFERENCES `contents`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `snippets_prefix_unique` ON `snippets` (`prefix`);--> statement-breakpoint
CREATE INDEX `snippets_live` ON `snippets` (`owner_id`,`updated_at`,`prefix`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `snippets_deleted` ON `snippets` (`owner_id`,`updated_at`,`prefix`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`is_admin` integer NOT NULL,
	`created_at` integer NOT NULL
);
