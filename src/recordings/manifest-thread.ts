import { serveTasks } from '../lib/task-thread.ts'
import { manifestTasks } from './manifest-tasks.ts'

// The file of the thread that `Manifests` begins.
serveTasks(manifestTasks)
