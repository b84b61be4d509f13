// Runs a Jenkinsfile where there is no Jenkins: the steps and sections of a declarative pipeline that examples/ci/Jenkinsfile
// has, as methods. Not Jenkins's own: that a section stands where it may is not checked, and agents are left out.
//
//     groovy jenkinsfile.groovy JENKINSFILE      in the workspace; CREDENTIALS_<id, with _ for -> is "user:password"
//
// What junit and archiveArtifacts would keep goes to $ARTIFACTS. The exit status is 1 if the build failed.
import java.nio.file.*

class Build {
    static boolean failed = false
    static Map<String, String> env = new HashMap(System.getenv())

    static int shell(String script) {
        def file = File.createTempFile('step', '.sh')
        file.text = script
        def process = new ProcessBuilder(['sh', '-xe', file.path]).inheritIO()
        process.environment().clear()
        process.environment().putAll(env)
        int status = process.start().waitFor()
        file.delete()
        return status
    }

    static void keep(Path path) {
        def to = Paths.get(env.ARTIFACTS).resolve(path)
        Files.createDirectories(to.parent)
        Files.copy(path, to, StandardCopyOption.REPLACE_EXISTING)
    }
}

class StepFailed extends Exception {
    StepFailed(String message) { super(message) }
}

class Steps {
    void sh(String script) {
        int status = Build.shell(script)
        if (status) {
            throw new StepFailed("script returned exit code $status")
        }
    }

    void catchError(Map options, Closure body) {
        try {
            Run.within(this, body)
        } catch (StepFailed e) {
            println "ERROR: $e.message"
            Build.failed = options.buildResult == 'FAILURE'
        }
    }

    void junit(Map options) {
        def file = new File(options.testResults)
        if (!file.exists()) {
            assert options.allowEmptyResults
            return
        }
        def suites = new XmlSlurper().parse(file)
        def bad = suites.'**'.findAll { it.name() == 'testcase' && (it.failure.size() || it.error.size()) }
        println "junit: ${suites.'**'.findAll { it.name() == 'testcase' }.size()} tests, ${bad.size()} failed"
        Build.keep(file.toPath())
    }

    void archiveArtifacts(Map options) {
        def matcher = FileSystems.default.getPathMatcher("glob:$options.artifacts")
        def found = Files.walk(Paths.get('')).filter { matcher.matches(it) && Files.isRegularFile(it) }.collect()
        assert found || options.allowEmptyArchive
        found.each { Build.keep(it) }
    }
}

class Environment {
    void setProperty(String name, Object value) {
        Build.env[name] = value as String
        def (user, password) = (value as String).split(':', 2)
        Build.env[name + '_USR'] = user
        Build.env[name + '_PSW'] = password
    }

    String credentials(String id) {
        Build.env['CREDENTIALS_' + id.replace('-', '_')]
    }
}

class Pipeline {
    boolean skips = false

    void agent(Closure body) {}
    void environment(Closure body) { Run.within(new Environment(), body) }
    void stages(Closure body) { Run.within(this, body) }
    void steps(Closure body) { Run.within(new Steps(), body) }
    void post(Closure body) { Run.within(this, body) }
    void always(Closure body) { Run.within(new Steps(), body) }

    void stage(String name, Closure body) {
        println "[Pipeline] stage $name${skips ? ' skipped' : ''}"
        try {
            skips || Run.within(this, body)
        } catch (StepFailed e) {
            println "ERROR: $e.message"
            Build.failed = skips = true
        }
    }
}

class Run {
    static boolean within(Object delegate, Closure body) {
        body.delegate = delegate
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
        return true
    }
}

abstract class PipelineScript extends Script {
    void pipeline(Closure body) { Run.within(new Pipeline(), body) }
}

def configuration = new org.codehaus.groovy.control.CompilerConfiguration(scriptBaseClass: PipelineScript.name)
new GroovyShell(this.class.classLoader, new Binding(), configuration).evaluate(new File(args[0]))
println "Finished: ${Build.failed ? 'FAILURE' : 'SUCCESS'}"
System.exit(Build.failed ? 1 : 0)
